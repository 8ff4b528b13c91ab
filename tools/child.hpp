#pragma once
// Programs of others, run to their end without a shell.

#include <filesystem>
#include <string>
#include <vector>

namespace assay::tools {

/// The exit code; 127 where the program, looked for in the PATH, is not installed, 128 + n after signal n. `output`: what it prints goes
/// there; empty: where ours goes. It gets nothing to read.
int run_child(std::vector<std::string> words, const std::filesystem::path& output = {});

}  // namespace assay::tools
