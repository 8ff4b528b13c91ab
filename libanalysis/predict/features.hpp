#pragma once
// Which measures may predict: computed ones that do not look at the answer.

#include "libanalysis/evaluate/frame.hpp"

#include <functional>

namespace assay::predict {

/// Why a measure may not be a feature, in words, or "" where it may. Made by the caller from what the catalogue declares: a measure
/// that needs labelled test data, or that the catalogue does not know, is refused.
using Refusal = std::function<std::string(std::string_view measure)>;

struct Dropped {
    std::string column;
    std::string reason;
};

struct Selection {
    std::vector<evaluate::Column> features;
    std::vector<Dropped> dropped;
};

/// Columns of `frame.measures`, and elements of `frame.arrays`, that every row of `rows` has, finite, not constant, and not refused. Logged metrics are never features. A
/// column that orders at least ten models exactly as an answer does (test accuracy, the gap, a logged test metric) is a copy of it under
/// another name and is dropped as well.
/// @throws Error{internal} when `refusal` is empty: nobody may forget to say what is forbidden.
Selection select_features(const evaluate::Frame& frame, std::span<const std::size_t> rows, const Refusal& refusal);

}  // namespace assay::predict
