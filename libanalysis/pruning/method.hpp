#pragma once
// A method of pruning is a constant: a name, what it needs, scores, a mask. One file in methods/, one row in methods.def.

#include "libanalysis/core/context.hpp"
#include "libanalysis/data/dataset.hpp"
#include "libanalysis/engine/backend.hpp"
#include "libanalysis/pruning/mask.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace assay::pruning {

/// What is pruned and how far. `model` gives architecture and roles, `weights` what is scored: its own, or initial ones.
struct Problem {
    const model::Model& model;
    const model::Weights& weights;
    double sparsity = 0;               ///< share of the weights that is pruned, in [0, 1]
    Seed seed{};
    std::int64_t keep = 2, group = 4;  ///< of n_of_m: weights kept of each group

    // For the methods that run the network.
    engine::Backend* backend = nullptr;
    engine::DType precision = engine::DType::float32;
    std::vector<Shape> input_shapes{};   ///< as NetworkOptions has them
    std::optional<data::Rows> rows{};    ///< with labels, for the methods that need data
    std::string loss{};                  ///< declared; "": the model's own
    Context context{};
};

struct Method {
    std::string_view name;         ///< stable word
    std::string_view words;        ///< one line for lists
    std::string_view source;       ///< key in docs/references.bib
    std::string_view convention;   ///< what the literature leaves open, decided: written into every file of masks
    bool needs_data = false;
    bool needs_architecture = false;
    bool takes_sparsity = true;    ///< false: keep and group decide
    /// The scores of the unpruned network. @throws Error
    Scores (*scores)(const Problem&) = nullptr;
    /// @throws Error{usage} for a sparsity outside [0, 1]; Error{missing} without an architecture or data where they are needed; what the
    /// network's passes throw.
    Masks (*mask)(const Problem&) = nullptr;
};

std::span<const Method* const> methods();
/// @throws Error{usage} naming the methods there are.
const Method& find_method(std::string_view name);
/// The mask of a method, after a look at what it needs.
Masks mask_by(const Method& method, const Problem& problem);

}  // namespace assay::pruning
