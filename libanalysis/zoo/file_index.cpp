#include "libanalysis/zoo/file_index.hpp"

#include "libanalysis/core/hash.hpp"
#include "libanalysis/zoo/walk.hpp"

#include <sys/stat.h>

#include <ctime>

namespace assay::zoo {
namespace fs = std::filesystem;

namespace {

std::uint64_t size_in(const std::string& signature) { return signature.empty() ? 0 : std::stoull(signature); }

// A file written within the clock's granularity of being looked at could change once more without changing its times.
bool settled(const fs::path& path) {
    struct stat about {};
    return stat(path.c_str(), &about) == 0 && about.st_ctim.tv_sec + 2 < std::time(nullptr) && about.st_mtim.tv_sec + 2 < std::time(nullptr);
}

}  // namespace

FileIndex::FileIndex(std::vector<store::FileRow> known) {
    for (auto& row : known) {
        sizes_.insert(row.size);
        rows_.emplace(row.path, std::move(row));
    }
}

std::string FileIndex::signature(const fs::path& path) {
    struct stat about {};
    if (stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return "";
    const auto time = [](const timespec& t) { return std::to_string(t.tv_sec) + "." + std::to_string(t.tv_nsec); };
    return std::to_string(about.st_size) + " " + time(about.st_mtim) + " " + time(about.st_ctim) + " " + std::to_string(about.st_ino);
}

std::string FileIndex::hash(const fs::path& path) {
    const std::string before = signature(path);
    std::string found = hash_file(path);
    remember(path, before, found);
    return found;
}

void FileIndex::remember(const fs::path& path, const std::string& before, const std::string& content) {
    if (before.empty() || content.empty() || signature(path) != before) return;
    store::FileRow row{path.string(), settled(path) ? before : "", content, size_in(before)};
    sizes_.insert(row.size);
    rows_[row.path] = row;
    new_.push_back(std::move(row));
}

std::optional<std::string> FileIndex::known_content(const fs::path& path) {
    const std::string now = signature(path);
    if (now.empty()) return std::nullopt;
    const auto row = rows_.find(path.string());
    if (row != rows_.end() && row->second.signature == now) return row->second.content;
    if (!sizes_.contains(size_in(now))) return std::nullopt;
    try {
        return hash(path);
    } catch (const Error&) {
        return std::nullopt;
    }
}

std::string FileIndex::content(const fs::path& path) {
    if (!fs::is_directory(path)) {
        const auto row = rows_.find(path.string());
        if (row != rows_.end() && !row->second.signature.empty() && row->second.signature == signature(path)) return row->second.content;
        return hash(path);
    }
    std::vector<Ignored> ignored;
    Hasher all;
    for (const std::string& name : walk(path, ignored)) {
        all.update(name);
        all.update(std::string_view("\0", 1));
        all.update(content(path / name));
    }
    return all.finish();
}

std::vector<store::FileRow> FileIndex::take_new() { return std::exchange(new_, {}); }

}  // namespace assay::zoo
