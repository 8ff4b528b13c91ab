// Writes named arrays to a new HDF5 file.

#include "formats/format.hpp"
#include "formats/hdf5_writing.hpp"

namespace assay::formats {

void write_arrays(const std::filesystem::path& path, std::span<const NamedArray> arrays) {
    hdf5::write_whole(path, [&](const hdf5::FileHandle& file) {
        for (const NamedArray& array : arrays) {
            if (static_cast<std::int64_t>(array.values.size()) != element_count(array.shape))
                throw Error(ErrorKind::internal, {"array " + array.name, to_string(array.shape), std::to_string(array.values.size()) + " values"});
            hdf5::write_dataset(file, path, array.name, array.shape, H5T_IEEE_F32LE, H5T_NATIVE_FLOAT, array.values.data());
        }
    });
}

}  // namespace assay::formats
