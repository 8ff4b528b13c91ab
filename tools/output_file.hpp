#pragma once
// What is said of an output file before any work is done for it.

#include <span>
#include <string>

namespace assay::tools {

/// A file that cannot be written should not cost an hour of products first. @throws Error{resource} naming the option.
void check_writable(const std::string& option, const std::string& path);

/// Input files are never written to. @throws Error{usage} where `path` is one of them; those that are not there are passed over.
void check_is_no_input(const std::string& option, const std::string& path, std::span<const std::string> inputs);

}  // namespace assay::tools
