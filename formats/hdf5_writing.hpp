#pragma once
// Writing HDF5 files whole or not at all: under another name beside the right one, then renamed.

#include "formats/hdf5.hpp"
#include "libanalysis/core/error.hpp"

#include <functional>

namespace assay::formats::hdf5 {

Error cannot_write(const std::filesystem::path& path, const std::string& what);

/// Creates a new file and lets `fill` write it. @throws Error{resource}, and what `fill` throws
void write_whole(const std::filesystem::path& path, const std::function<void(const FileHandle&)>& fill);

/// The same with a copy of another file, which `change` may write to. The other file is only read.
/// @throws Error{usage} where `path` is the other file itself
void copy_whole(const std::filesystem::path& from, const std::filesystem::path& path, const std::function<void(const FileHandle&)>& change);

/// A contiguous data set, with the groups that lead to it. `stored`: its type in the file; `values`: of type `given`.
void write_dataset(const FileHandle& file, const std::filesystem::path& path, const std::string& name, const Shape& shape, hid_t stored, hid_t given,
                   const void* values);

/// Attributes of the root group: a text, and a number of the type `given`.
void write_attribute(const FileHandle& file, const std::filesystem::path& path, const std::string& name, const std::string& text);
void write_attribute(const FileHandle& file, const std::filesystem::path& path, const std::string& name, hid_t given, const void* value);

}  // namespace assay::formats::hdf5
