#pragma once
// What every test may use: where the data are, scratch folders, loud skips, running the program.

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

namespace assay::test {

/// The shared data folder (ASSAY_SHARED, else ../shared beside the source tree), or an empty path.
std::filesystem::path shared_folder();
std::filesystem::path source_folder();
std::filesystem::path program();   ///< the built `assay`

/// A folder of its own, removed at the end.
class Scratch {
public:
    Scratch();
    ~Scratch();
    Scratch(const Scratch&) = delete;
    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

struct ProcessResult { int exit_code; std::string out; std::string err; };
/// Runs a program to its end (exit code 128 + n after signal n).
ProcessResult run(const std::vector<std::string>& command, const std::filesystem::path& folder = {});

void write_file(const std::filesystem::path& path, std::string_view text);
std::string read_file(const std::filesystem::path& path);

}  // namespace assay::test

/// Skips loudly where the shared data are absent; `check` counts the skips.
#define ASSAY_NEEDS_SHARED(relative)                                                       \
    if (assay::test::shared_folder().empty() ||                                            \
        !std::filesystem::exists(assay::test::shared_folder() / (relative)))               \
    GTEST_SKIP() << "SKIPPED: needs the shared data folder (" << (relative) << "); set ASSAY_SHARED"
