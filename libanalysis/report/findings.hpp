#pragma once
// All that is found out about a zoo before anything is written: what the page shows and what the figures draw.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/predict/fit.hpp"
#include "libanalysis/report/content.hpp"
#include "libanalysis/report/protocol_matrix.hpp"
#include "libanalysis/report/where_it_breaks.hpp"

#include <functional>
#include <optional>

namespace assay::report {

struct FindingsOptions {
    std::string group{};        ///< held out for the ranking; empty: chosen as predict::fit does
    std::size_t replicates = 1000;
    Seed seed{};
    int threads = 1;            ///< the same findings with any
    predict::Refusal refusal{};                                        ///< required: which measures may not be features
    std::function<bool(std::string_view measure)> needs_test_labels{};
    std::function<bool(std::string_view measure)> falls{};             ///< as the catalogue declares: a larger value goes with a smaller gap
};

/// What cannot be found out (no target, too few models) is nothing, with the reason.
struct Findings {
    evaluate::Frame frame;
    std::optional<evaluate::Evaluation> evaluation;   ///< Kendall's tau
    std::string why_no_evaluation{};
    std::vector<ProtocolMatrix> matrices{};           ///< by target, as in the evaluation
    std::vector<Breaks> breaks{};                     ///< by target
    std::optional<predict::Fit> fit{};
    std::string why_no_fit{};
};

Findings find(const Content& content, const FindingsOptions& options);

}  // namespace assay::report
