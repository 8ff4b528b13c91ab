#pragma once
// Every regular file below a folder, symbolic links followed, each folder once.

#include "libanalysis/zoo/manifest.hpp"

namespace assay::zoo {

/// Relative paths of the files, sorted; what is no regular file, a cycle or unreadable goes to `ignored` with its reason.
/// Real folders go before linked ones, so that a folder reached twice keeps its real name.
std::vector<std::string> walk(const std::filesystem::path& folder, std::vector<Ignored>& ignored);

/// Why a path in a manifest may not be used ("" when it may): it is absolute, or climbs out of the folder.
std::string escapes(std::string_view path);

/// Whether JSON and terminals can carry the text as it is.
bool is_utf8(std::string_view text);

}  // namespace assay::zoo
