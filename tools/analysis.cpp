#include "tools/analysis.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/version.hpp"
#include "libanalysis/measures/catalogue.hpp"

#include <fmt/format.h>
#include <fnmatch.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace assay::tools {

report::Content open_content(const std::filesystem::path& path) {
    const store::Store store(path, store::Store::Mode::read);
    report::Content content = report::content_of(store);
    if (content.table.models.empty())
        throw Error(ErrorKind::data, {path.string(), "a store with models that ran", fmt::format("{} models, none of them ok", content.models.size()),
                                      "Run assay zoo run first; assay zoo failures says what went wrong"});
    return content;
}

std::string feature_refusal(std::string_view measure) {
    const measures::Measure* known = measures::find_measure(measure);
    if (!known) return "not a measure of this version";
    return measures::has(known->needs, measures::Need::test_labels) ? "needs labelled test data" : "";
}

bool falls_with_gap(std::string_view measure) {
    const measures::Measure* known = measures::find_measure(measure);
    return known && known->direction == measures::Direction::smaller_gap;
}

std::function<bool(std::string_view)> matching(std::vector<std::string> patterns) {
    return [patterns = std::move(patterns)](std::string_view name) {
        const std::string whole(name);
        return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) { return fnmatch(pattern.c_str(), whole.c_str(), 0) == 0; });
    };
}

bool needs_test_labels(std::string_view measure) {
    const measures::Measure* known = measures::find_measure(measure);
    return known && measures::has(known->needs, measures::Need::test_labels);
}

std::string describe_measure(std::string_view measure) {
    const measures::Measure* known = measures::find_measure(measure);
    return known ? std::string(known->doc) : "";
}

std::string tool_version() {
    const VersionInfo info = version_info();
    return info.version + " (" + info.git_hash + ")";
}

bool is_store(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::string head(15, '\0');
    file.read(head.data(), 15);
    return head == "SQLite format 3";
}

std::string read_whole(const std::filesystem::path& path, std::string expected, std::string advice) {
    std::ifstream file(path, std::ios::binary);
    if (!file || std::filesystem::is_directory(path))
        throw Error(ErrorKind::missing, {path.string(), std::move(expected), "no readable file", std::move(advice)});
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void write_whole(const std::filesystem::path& path, std::string_view text) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    // Putting a file in place would replace a link, a device or a pipe of that name: a link leads to its file, the others are written into.
    const bool in_place = fs::exists(path, ignored) && !fs::is_regular_file(path, ignored);
    fs::path target = path;
    for (int step = 0; step < 40 && !in_place && fs::is_symlink(target, ignored); ++step) target = target.parent_path() / fs::read_symlink(target, ignored);
    const fs::path written = in_place ? target : fs::path(target.string() + fmt::format(".{}.tmp", getpid()));
    const auto fail = [&](const std::error_code& reason) {
        if (!in_place) fs::remove(written, ignored);
        throw Error(ErrorKind::resource, {path.string(), "a place to write to", reason.message(), "Choose another file"});
    };
    {
        std::ofstream file(written, std::ios::binary);
        file.write(text.data(), static_cast<std::streamsize>(text.size()));
        file.close();
        if (!file) fail({errno, std::generic_category()});
    }
    if (in_place) return;
    std::error_code failed;
    fs::rename(written, target, failed);
    if (failed) fail(failed);
}

std::string zoo_line(const report::Content& content, const std::filesystem::path& path) {
    const auto failed = std::count_if(content.models.begin(), content.models.end(), [](const store::ModelRow& row) { return row.status == "failed"; });
    return fmt::format("{} ({} models{})", content.title.empty() ? path.filename().string() : content.title, content.table.models.size(),
                       failed > 0 ? fmt::format(", {} more failed", failed) : "");
}

}  // namespace assay::tools
