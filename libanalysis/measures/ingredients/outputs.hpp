#pragma once
// The trained network's outputs over a split, and its labels.

#include "libanalysis/engine/passes.hpp"
#include "libanalysis/measures/subject.hpp"

namespace assay::measures::ingredients {

struct SplitKey {
    std::string split;   ///< "train" or "test"
    auto operator<=>(const SplitKey&) const = default;
};

struct Outputs {
    static constexpr std::string_view name = "outputs";
    using Key = SplitKey;
    using Value = engine::Outputs;
    /// @throws Error{data} "non-finite outputs" where there are any.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value& value) { return value.values.size() * sizeof(double); }
};

struct Labels {
    static constexpr std::string_view name = "labels";
    using Key = SplitKey;
    using Value = engine::Labels;
    /// @throws Error{data} when a label is not a class of the network.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value& value) { return 8 * (value.classes.size() + value.targets.size()); }
};

}  // namespace assay::measures::ingredients
