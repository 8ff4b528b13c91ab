#include "libanalysis/zoo/walk.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <set>

namespace assay::zoo {
namespace fs = std::filesystem;

namespace {

using Identity = std::pair<dev_t, ino_t>;

class Walker {
public:
    Walker(fs::path root, std::vector<Ignored>& ignored) : root_(std::move(root)), ignored_(ignored) {}

    std::vector<std::string> run() {
        folder("");
        // Links last, in order of their names; a linked folder may hold further links, which join the queue.
        for (std::size_t i = 0; i < linked_.size(); ++i) folder(std::string(linked_[i]));
        std::sort(files_.begin(), files_.end());
        return std::move(files_);
    }

private:
    void folder(const std::string& relative) {
        const fs::path path = relative.empty() ? root_ : root_ / relative;
        struct stat about {};
        if (stat(path.c_str(), &about) != 0) return ignore(relative, "cannot be read");
        if (!seen_.insert({about.st_dev, about.st_ino}).second)
            return ignore(relative, "a link to a folder that is already part of this zoo");
        std::error_code error;
        std::vector<std::string> names;
        for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) names.push_back(at->path().filename().string());
        if (error) return ignore(relative.empty() ? "." : relative, "cannot be read: " + error.message());
        std::sort(names.begin(), names.end());
        for (const std::string& name : names) entry(relative.empty() ? name : relative + "/" + name);
    }

    void entry(const std::string& relative) {
        const fs::path path = root_ / relative;
        struct stat self {}, target {};
        if (lstat(path.c_str(), &self) != 0) return ignore(relative, "cannot be read");
        const bool link = S_ISLNK(self.st_mode);
        if (stat(path.c_str(), &target) != 0) return ignore(relative, link ? "a symbolic link that leads nowhere" : "cannot be read");
        if (S_ISDIR(target.st_mode)) {
            if (link) linked_.push_back(relative);
            else folder(relative);
        } else if (S_ISREG(target.st_mode)) {
            files_.push_back(relative);
        } else {
            ignore(relative, "not a regular file");
        }
    }

    void ignore(const std::string& path, const std::string& reason) { ignored_.push_back({path, reason}); }

    fs::path root_;
    std::vector<Ignored>& ignored_;
    std::vector<std::string> files_, linked_;
    std::set<Identity> seen_;
};

}  // namespace

std::vector<std::string> walk(const fs::path& folder, std::vector<Ignored>& ignored) { return Walker(folder, ignored).run(); }

std::string escapes(std::string_view path) {
    if (path.find('\0') != std::string_view::npos) return "the path holds a zero byte";
    if (path.starts_with('/')) return "an absolute path: models lie below the zoo's folder";
    for (std::size_t start = 0; start <= path.size();) {
        const std::size_t end = std::min(path.find('/', start), path.size());
        if (path.substr(start, end - start) == "..") return "the path leaves the zoo's folder (..)";
        start = end + 1;
    }
    return "";
}

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const std::size_t length = byte < 0x80 ? 1 : byte >= 0xc2 && byte < 0xe0 ? 2 : byte >= 0xe0 && byte < 0xf0 ? 3 : byte >= 0xf0 && byte < 0xf5 ? 4 : 0;
        if (length == 0 || i + length > text.size()) return false;
        for (std::size_t k = 1; k < length; ++k)
            if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
        if (length > 2) {  // overlong forms and surrogates
            const auto second = static_cast<unsigned char>(text[i + 1]);
            if ((byte == 0xe0 && second < 0xa0) || (byte == 0xed && second > 0x9f) || (byte == 0xf0 && second < 0x90) || (byte == 0xf4 && second > 0x8f)) return false;
        }
        i += length;
    }
    return true;
}

}  // namespace assay::zoo
