#pragma once
// The filter that h5py calls "lzf" (number 32000): libhdf5 knows it only where somebody registers it.

#include <hdf5.h>

namespace assay::formats::hdf5 {

constexpr H5Z_filter_t lzf_filter = 32000;

/// Once a process; hold the lock of the library. Chunks are read; written ones are stored as they are.
void register_lzf();

}  // namespace assay::formats::hdf5
