#pragma once
// The two layouts of data sets behind open_dataset.

#include "formats/format.hpp"
#include "formats/hdf5.hpp"

namespace assay::formats {

data::Dataset open_hdf5_dataset(const std::filesystem::path& path);
/// A folder with train/ and test/ holding *.tfrecord, or a PGDL task whose dataset_1 is such a folder.
data::Dataset open_tfrecord_dataset(const std::filesystem::path& folder);
/// train/x, test/x or x: a data set, not a model.
bool is_data_file(const hdf5::File& file);

}  // namespace assay::formats
