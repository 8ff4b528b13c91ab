#pragma once
// Singular values of a weight matrix of the trained network, of the initial one, or of their difference.

#include "libanalysis/measures/subject.hpp"

#include <compare>
#include <vector>

namespace assay::measures::ingredients {

struct LayerSpectrum {
    static constexpr std::string_view name = "layer_spectrum";
    struct Key {
        std::string weights;          ///< "final", "init", or "change" (final - init)
        std::size_t parameter = 0;    ///< index into Model::parameters
        auto operator<=>(const Key&) const = default;
    };
    struct Value {
        std::vector<double> singular_values;   ///< descending: all of them up to 512 on the smaller side, else the largest
        double frobenius_squared = 0;
        double error = 0;                      ///< relative error bound of the largest, from its Lanczos residual; 0 of a whole spectrum
        double norm() const { return singular_values.empty() ? 0 : singular_values.front(); }
    };
    /// @throws Error{data} for non-finite weights, Error{missing} without initial weights.
    static Value compute(Subject& subject, const Key& key);
    /// All singular values, descending, where they are all known (up to 512 on the smaller side); else null, at no cost.
    static const std::vector<double>* whole(Subject& subject, const Key& key);
    static std::size_t bytes(const Value& value) { return value.singular_values.size() * sizeof(double); }
};

}  // namespace assay::measures::ingredients
