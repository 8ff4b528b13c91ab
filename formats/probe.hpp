#pragma once
// What the probes of HDF5 layouts have in common: foreign and damaged content is a no, never an error.

#include "formats/content.hpp"
#include "formats/hdf5.hpp"
#include "libanalysis/core/error.hpp"

namespace assay::formats {

template <class Predicate>
bool probe_hdf5(const std::filesystem::path& path, Predicate predicate) {
    try {
        return has_hdf5_signature(path) && predicate(hdf5::File(path));
    } catch (const Error&) {
        return false;
    }
}

}  // namespace assay::formats
