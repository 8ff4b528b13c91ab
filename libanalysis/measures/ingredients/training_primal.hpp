#pragma once
// The training objective at the trained weights, its primal kept in memory for curvature products.

#include "libanalysis/engine/primal.hpp"
#include "libanalysis/measures/subject.hpp"

#include <compare>
#include <memory>
#include <string>

namespace assay::measures::ingredients {

struct TrainingPrimal {
    static constexpr std::string_view name = "training_primal";
    struct Key {
        bool regularised = true;   ///< with the regulariser that the file states
        auto operator<=>(const Key&) const = default;
    };
    using Value = std::unique_ptr<engine::Primal>;
    /// Keeps as much as half of the memory of the call. @throws Error where rows, labels, loss and network do not fit.
    static Value compute(Subject& subject, const Key& key);
    static std::size_t bytes(const Value&) { return sizeof(engine::Primal); }   // filled later: see Primal::cache
};

/// The primal of the training objective; of its loss alone.
const engine::Primal& training_primal(Subject& subject);
const engine::Primal& unregularised_primal(Subject& subject);   ///< the same object where there is no regulariser

std::string objective_words(Subject& subject, const engine::Primal& primal);

}  // namespace assay::measures::ingredients
