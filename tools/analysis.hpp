#pragma once
// What the verbs that judge a zoo share: reading a store, and what the catalogue declares about measures.

#include "libanalysis/report/content.hpp"

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::tools {

/// Everything a store holds for rankings and tables. @throws Error{missing, format}; Error{data} when no model is ok.
report::Content open_content(const std::filesystem::path& path);

/// "" when a predictor may use the measure; else why not: it needs labelled test data, or the catalogue does not know it. One that
/// needs test inputs alone may serve.
std::string feature_refusal(std::string_view measure);

bool needs_test_labels(std::string_view measure);

/// True for a measure of which the catalogue says that larger values go with a smaller gap (a margin).
bool falls_with_gap(std::string_view measure);

/// True for a name that one of the patterns (*, ?) matches.
std::function<bool(std::string_view)> matching(std::vector<std::string> patterns);

/// One sentence about a measure, or "".
std::string describe_measure(std::string_view measure);

/// "0.1.0 (git hash)": for files and pages.
std::string tool_version();

/// Whether the file begins as a store does.
bool is_store(const std::filesystem::path& path);

/// The bytes of a file. @throws Error{missing} saying what was expected.
std::string read_whole(const std::filesystem::path& path, std::string expected, std::string advice = {});

/// Writes a whole file or nothing: to a temporary name beside it, then renamed. A device or a pipe is written into, a link followed.
/// @throws Error{resource}
void write_whole(const std::filesystem::path& path, std::string_view text);

/// "144 CNNs ... (144 models, 2 failed)"
std::string zoo_line(const report::Content& content, const std::filesystem::path& path);

}  // namespace assay::tools
