#pragma once
// Layers that normalise parts of each sample by statistics of these parts: y = gamma n + beta, n = (x - mean) / sqrt(variance + epsilon).

#include "libanalysis/engine/layer.hpp"

namespace assay::engine::layers {

/// What a row is normalised by.
struct RowStatistics {
    bool subtracts_mean = true;      ///< n = x r otherwise
    bool about_the_mean = true;      ///< r from the variance, otherwise from the mean of the squares
    bool sums = false;               ///< their sum instead of their mean
    double epsilon = 1e-3;
};

/// Rows, and where they lie in a sample.
struct RowLayout {
    Shape parameters;                ///< of gamma and beta: the last extents of the input
    std::int64_t groups = 0;         ///< 0: a row is a run of values that the parameters' shape covers. Otherwise the last axis is cut
                                     ///< into so many parts, and a row is one part with all the axes before it.
};

/// Parameters: gamma (if `scale` among the attributes), beta (if `center`). @throws Error{format}
std::unique_ptr<Layer> make_row_normalization(const LayerSpec& spec, const RowStatistics& statistics, const RowLayout& layout);

}  // namespace assay::engine::layers
