#pragma once
// Which Assay this is: what it was built from, by and with.

#include "libanalysis/core/json.hpp"

#include <string>
#include <utility>
#include <vector>

namespace assay {

struct VersionInfo {
    std::string version;          ///< "0.1.0"
    std::string git_hash;         ///< 12 digits, "-dirty" after them for a changed tree; "unknown" outside a repository
    std::string compiler;         ///< "GNU 12.2.0"
    std::string build_type;       ///< "Release"
    std::string cuda;             ///< version of the toolkit, empty without one
    std::string instruction_set;  ///< of the running machine
    std::vector<std::pair<std::string, std::string>> libraries;  ///< name, version it was compiled against
};

VersionInfo version_info();

/// An object with the fields' names as keys; `libraries` is an object of name and version.
Json to_json(const VersionInfo& info);

}  // namespace assay
