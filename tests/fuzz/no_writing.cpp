// formats/hdf5_writing.cpp for programs with the double of libhdf5, which only reads: a reader that writes is a finding.

#include "formats/hdf5_writing.hpp"

namespace assay::formats::hdf5 {
namespace {

[[noreturn]] void refuse(const std::filesystem::path& path) { throw Error(ErrorKind::internal, {path.string(), "reading alone", "writing"}); }

}  // namespace

void write_whole(const std::filesystem::path& path, const std::function<void(const FileHandle&)>&) { refuse(path); }
void write_dataset(const FileHandle&, const std::filesystem::path& path, const std::string&, const Shape&, hid_t, hid_t, const void*) { refuse(path); }
void write_attribute(const FileHandle&, const std::filesystem::path& path, const std::string&, const std::string&) { refuse(path); }
void write_attribute(const FileHandle&, const std::filesystem::path& path, const std::string&, hid_t, const void*) { refuse(path); }

}  // namespace assay::formats::hdf5
