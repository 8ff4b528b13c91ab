#include "tools/output_file.hpp"

#include "libanalysis/core/error.hpp"

#include <unistd.h>

#include <filesystem>

namespace assay::tools {

namespace fs = std::filesystem;

void check_writable(const std::string& option, const std::string& path) {
    const fs::path folder = fs::absolute(path).parent_path();
    std::error_code error;
    if (!fs::is_directory(folder, error)) throw Error(ErrorKind::resource, {option + " " + path, "a folder that is there", folder.string()});
    if (fs::is_directory(path, error)) throw Error(ErrorKind::resource, {option + " " + path, "a file", "a folder"});
    // A file is put in place whole: a device or pipe of that name would be replaced, not written to.
    if (fs::exists(path, error) && !fs::is_regular_file(path, error)) throw Error(ErrorKind::resource, {option + " " + path, "a regular file", "something else"});
    if (access(folder.c_str(), W_OK) != 0) throw Error(ErrorKind::resource, {option + " " + path, "a folder that can be written", folder.string()});
}

void check_is_no_input(const std::string& option, const std::string& path, std::span<const std::string> inputs) {
    for (const std::string& input : inputs) {
        std::error_code error;
        if (!input.empty() && fs::equivalent(input, path, error)) throw Error(ErrorKind::usage, {option, "another file than those that are read", path});
    }
}

}  // namespace assay::tools
