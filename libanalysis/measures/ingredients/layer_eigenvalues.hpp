#pragma once
// All eigenvalues of W^T W for one layer, in one of the ways of reading a layer as a matrix.

#include "libanalysis/measures/subject.hpp"

#include <compare>
#include <vector>

namespace assay::measures::ingredients {

struct LayerEigenvalues {
    static constexpr std::string_view name = "layer_eigenvalues";
    struct Key {
        std::string convention;      ///< weightwatcher, matrix, circular, exact
        std::size_t parameter = 0;   ///< index into Model::parameters
        auto operator<=>(const Key&) const = default;
    };
    struct Value {
        std::vector<double> ascending;      ///< squared singular values
        std::size_t rows = 0, cols = 0;     ///< of the matrix, or of one of those it is cut into; rows >= cols
        std::size_t rank = 0;               ///< singular values above rows * 2.2e-16 of the largest
        std::size_t rank_loss = 0;          ///< the same by WeightWatcher's slices: values that each has too few
        /// WeightWatcher's smallest singular value, squared: the largest of its slices' smallest ones; elsewhere the smallest of all.
        double smallest = 0;
        double largest() const { return ascending.empty() ? 0 : ascending.back(); }
    };
    /// weightwatcher: the slices of a convolution's kernel together, halved; matrix: the kernel as [all leading axes, out];
    /// circular, exact: the convolution operator. All agree for dense layers.
    /// @throws Error{data} for non-finite weights and for what WeightWatcher leaves out, Error{unsupported} for an exact operator whose
    /// smaller side is above 2048 or that has more than 2^24 entries, and the errors of convolution_use.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value& value) { return value.ascending.size() * sizeof(double); }
};

}  // namespace assay::measures::ingredients
