#pragma once
// What the first bytes of a file say: enough to tell HDF5 from the rest and to name the rest in an error.

#include <filesystem>
#include <string>

namespace assay::formats {

/// The HDF5 signature at byte 0, or after a user block of 512, 1024, 2048, ... bytes. @throws Error{missing} where there is no file.
bool has_hdf5_signature(const std::filesystem::path& path);

/// The first bytes, fewer where the file has fewer. @throws Error{missing, format, resource}
std::string first_bytes(const std::filesystem::path& path, std::size_t count);

/// "an empty file", "a git-LFS pointer", "a zip archive (.keras or PyTorch)", ... for error messages.
std::string describe_content(const std::filesystem::path& path);

/// Whether the file is a checkpoint of a layout that is not read: PyTorch, safetensors.
bool is_foreign_checkpoint(const std::filesystem::path& path);

/// Names of files that people give to checkpoints: .h5, .hdf5, .keras, .pt, ...
bool has_checkpoint_suffix(const std::filesystem::path& path);

/// The whole of a small text file. @throws Error{missing, format} above `limit` bytes.
std::string read_text(const std::filesystem::path& path, std::size_t limit = std::size_t{256} << 20);

}  // namespace assay::formats
