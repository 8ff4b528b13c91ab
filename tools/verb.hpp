#pragma once
// A verb of the program: one file in tools/verbs/, one row in verbs.def.

#include <string_view>
#include <vector>
#include <string>

namespace assay::tools {

struct Verb {
    std::string_view name;      ///< "measure"; sub-verbs have a space: "zoo run"
    std::string_view summary;   ///< one line for the list
    /// Runs with the words after the name; returns the exit code. Errors are thrown and printed by main.
    int (*run)(const std::vector<std::string>& words);
};

}  // namespace assay::tools
