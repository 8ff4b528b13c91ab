#pragma once
// Every measure under every protocol: the table behind the heat map.

#include "libanalysis/evaluate/evaluation.hpp"

#include <string>
#include <vector>

namespace assay::report {

struct MatrixColumn {
    const evaluate::Protocol* protocol = nullptr;
    double uninformed = evaluate::missing;   ///< the score of a measure that knows nothing about this target
    evaluate::Chance chance{};               ///< empty where resampling was left out
    std::size_t replicates = 0;              ///< of luck; 0: none
    std::string intervals{};                 ///< how they are made, in words; empty: there are none
};

struct MatrixCell {
    double score = evaluate::missing;
    std::string reason{};           ///< why there is no score
    evaluate::Interval interval{};
    bool beyond_luck = false;
    bool negated = false;           ///< held to fall with the gap, under a protocol that asks for growth
    /// From -1 (the measure itself, before any turn of its sign, orders the other way round) over 0 (knows nothing) to 1, as a share of
    /// what is strongest in the column: a measure has one colour under all protocols that agree about it.
    double tone = 0;
};

struct MatrixRow {
    std::string measure;
    evaluate::Role role = evaluate::Role::measure;
    std::vector<MatrixCell> cells;   ///< by column
};

struct ProtocolMatrix {
    evaluate::Target target;
    double level = 0;
    std::vector<MatrixColumn> columns;   ///< protocols that give at least one measure a score
    std::vector<MatrixRow> rows;         ///< baselines first, then measures from the largest |tau| on; none that looks at test labels
    struct Absent { const evaluate::Protocol* protocol; std::string reason; };
    std::vector<Absent> absent{};        ///< protocols that this zoo cannot answer
};

/// One for each target of `kendall`, which gives the first column and the order. `options.protocol`, `options.replicates` and what resampling may take are set here: at most 200 resamples, and
/// none for a protocol where not even 50 fit into about four seconds of one processor.
/// @throws what evaluate::evaluate throws.
std::vector<ProtocolMatrix> protocol_matrices(const evaluate::Frame& frame, const evaluate::Evaluation& kendall, evaluate::EvaluationOptions options);

}  // namespace assay::report
