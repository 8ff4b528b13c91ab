#pragma once
// The random bulk of a layer's eigenvalues and what stands out of it, as WeightWatcher fits them.

#include "libanalysis/measures/subject.hpp"
#include "libanalysis/spectral/marchenko_pastur.hpp"

#include <compare>

namespace assay::measures::ingredients {

struct WeightWatcherBulk {
    static constexpr std::string_view name = "weightwatcher_bulk";
    struct Key {
        std::size_t parameter = 0;
        auto operator<=>(const Key&) const = default;
    };
    using Value = spectral::Bulk;
    /// @throws the errors of LayerEigenvalues and of fit_bulk.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value&) { return sizeof(Value); }
};

}  // namespace assay::measures::ingredients
