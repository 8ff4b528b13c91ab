#pragma once
// How many rows a curvature analysis takes when nobody says, and how a sample is cut in two to see what its size does.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/data/dataset.hpp"

#include <string>
#include <utility>

namespace assay::curvature {

struct SampleSize {
    std::int64_t rows = 0;
    std::string rule;   ///< "all rows", "4096 rows: ..."
};

/// All rows up to 4096, at which published estimates of the largest eigenvalue become stable; fewer where one product would cost
/// too much, so that an answer comes: at most 2e11 multiply-adds in the forward pass over the sample, but never below 512 rows. A
/// function of network and data alone.
SampleSize default_sample(std::int64_t rows, double forward_madds);

/// Two disjoint halves by a seeded shuffle, each in increasing order; of an odd number the first half has one row more.
/// @throws Error{internal} for fewer than two rows.
std::pair<data::Rows, data::Rows> halves_of(const data::Rows& rows, Seed seed);

}  // namespace assay::curvature
