#include "libanalysis/report/protocol_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace assay::report {
namespace {

// Left out: kendall_a, which is tau-b but for ties, and R2, which is about a line and not about an order.
constexpr std::string_view shown[] = {"kendall", "psi", "pgdl", "partial", "pairwise", "sign-error", "robust"};
constexpr std::size_t most_replicates = 200;
constexpr double looks = 4e9;

// The reason that most measures have.
std::string commonest_reason(const std::vector<evaluate::MeasureScore>& scores) {
    std::map<std::string, std::size_t> count;
    for (const evaluate::MeasureScore& score : scores)
        if (!score.score.reason.empty()) ++count[score.score.reason];
    std::string commonest = "no measure has values for it";
    std::size_t most = 0;
    for (const auto& [reason, measures] : count)
        if (measures > most) {
            commonest = reason;
            most = measures;
        }
    return commonest;
}

double uninformed_score(const evaluate::Protocol& protocol, const evaluate::Frame& frame, const evaluate::Target& target, const evaluate::Settings& settings) {
    const evaluate::Design design(frame.config);
    const std::vector<std::size_t> rows = evaluate::complete_rows(target.values, target.values);
    return protocol.uninformed({target.values, target.values, &design, rows, settings});
}

// Where a score lies between knowing nothing (0) and the best there is (1).
double standing(const MatrixColumn& column, double score) { return (score - column.uninformed) / (column.protocol->perfect - column.uninformed); }

// Of the measure itself: a score of the negated measure says the contrary about it, and one that is blind to the sign says nothing: it
// takes that of the first column, which is tau.
double direction(const MatrixRow& row, std::size_t c, const MatrixColumn& column) {
    const bool blind = column.protocol->sense != evaluate::Sense::signed_score && !column.protocol->oriented;
    return row.cells[c].negated || (blind && row.cells.front().score < 0) ? -1 : 1;
}

void set_tones(ProtocolMatrix& matrix) {
    for (std::size_t c = 0; c < matrix.columns.size(); ++c) {
        const MatrixColumn& column = matrix.columns[c];
        // What the best of all reaches by luck is never the darkest, unless nothing is better.
        double strongest = std::isfinite(column.chance.largest) ? std::abs(standing(column, column.chance.largest)) : 0;
        for (const MatrixRow& row : matrix.rows)
            if (std::isfinite(row.cells[c].score)) strongest = std::max(strongest, std::abs(standing(column, row.cells[c].score)));
        for (MatrixRow& row : matrix.rows)
            if (std::isfinite(row.cells[c].score) && strongest > 0) row.cells[c].tone = direction(row, c, column) * standing(column, row.cells[c].score) / strongest;
    }
}

// The rows in the order that the first protocol gives them, baselines first.
std::vector<MatrixRow> empty_rows(const evaluate::TargetScores& scores) {
    std::vector<MatrixRow> rows;
    for (const evaluate::MeasureScore& score : scores.scores)
        if (score.role != evaluate::Role::needs_test_labels) rows.push_back({score.measure, score.role, {}});
    std::stable_partition(rows.begin(), rows.end(), [](const MatrixRow& row) { return row.role == evaluate::Role::baseline; });
    return rows;
}

}  // namespace

std::vector<ProtocolMatrix> protocol_matrices(const evaluate::Frame& frame, const evaluate::Evaluation& kendall, evaluate::EvaluationOptions options) {
    options.most_replicates = std::min(options.replicates.value_or(most_replicates), most_replicates);
    options.replicates.reset();
    options.looks = looks;
    options.breaks = 0;
    std::vector<ProtocolMatrix> matrices;
    for (const evaluate::TargetScores& scores : kendall.targets) matrices.push_back({scores.target, kendall.level, {}, empty_rows(scores), {}});
    for (const std::string_view name : shown) {
        options.protocol = name;
        const evaluate::Evaluation evaluation = name == kendall.protocol->name ? kendall : evaluate::evaluate(frame, options);
        for (std::size_t t = 0; t < evaluation.targets.size(); ++t) {
            const evaluate::TargetScores& scores = evaluation.targets[t];
            ProtocolMatrix& matrix = matrices[t];
            if (std::none_of(scores.scores.begin(), scores.scores.end(), [](const auto& score) {
                    return score.role != evaluate::Role::needs_test_labels && std::isfinite(score.score.value);
                })) {
                matrix.absent.push_back({evaluation.protocol, commonest_reason(scores.scores)});
                continue;
            }
            // A target that one protocol cannot resample leaves the others their intervals.
            const bool resampled = scores.chance.permutations > 0;
            matrix.columns.push_back({evaluation.protocol, uninformed_score(*evaluation.protocol, frame, scores.target, options.settings), scores.chance,
                                      resampled ? evaluation.replicates : 0, resampled ? evaluation.intervals : ""});
            std::map<std::string_view, const evaluate::MeasureScore*> by_name;
            for (const evaluate::MeasureScore& score : scores.scores) by_name[score.measure] = &score;
            for (MatrixRow& row : matrix.rows) {
                const evaluate::MeasureScore& score = *by_name.at(row.measure);
                row.cells.push_back({score.score.value, score.score.reason, score.interval, score.beyond_chance || score.reversed, score.negated, 0});
            }
        }
    }
    for (ProtocolMatrix& matrix : matrices) set_tones(matrix);
    return matrices;
}

}  // namespace assay::report
