#pragma once
// The power law in the tail of a layer's eigenvalues.

#include "libanalysis/measures/ingredients/layer_eigenvalues.hpp"
#include "libanalysis/spectral/power_law.hpp"

namespace assay::measures::ingredients {

struct PowerLaw {
    static constexpr std::string_view name = "power_law";
    using Key = LayerEigenvalues::Key;
    using Value = spectral::PowerLawFit;
    /// weightwatcher: by WeightWatcher's rule; the other conventions: relative cut, distance on both sides of the steps, tails of at least 10.
    /// @throws the errors of LayerEigenvalues and of fit_power_law, naming the layer.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value&) { return sizeof(Value); }
};

}  // namespace assay::measures::ingredients
