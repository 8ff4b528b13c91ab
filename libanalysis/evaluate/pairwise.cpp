// Pairwise accuracy: of two models, how often does the measure name the one with the larger target?

#include "libanalysis/evaluate/kendall.hpp"
#include "libanalysis/evaluate/protocol.hpp"

namespace assay::evaluate {
namespace {

Score score_pairwise(const Problem& problem) {
    std::vector<double> x, y;
    for (const std::size_t row : problem.rows) {
        x.push_back(problem.measure[row]);
        y.push_back(problem.target[row]);
    }
    const PairCounts counts = count_pairs(x, y);   // a model with itself is tied in the target, and so no pair
    const auto told = static_cast<double>(counts.pairs - counts.tied_y);
    if (told == 0) return {missing, "no two models differ in the target"};
    return {0.5 + 0.5 * static_cast<double>(counts.difference) / told};
}

// The setting of a hyper-parameter among whose models the measure is right least often.
Detail detail_pairwise(const Problem& problem) {
    Detail detail;
    if (!problem.design) return detail;
    for (const Axis& axis : problem.design->axes())
        for (std::size_t level = 0; level < axis.levels.size(); ++level) {
            std::vector<std::size_t> rows;
            for (const std::size_t row : problem.rows)
                if (axis.level[row] == static_cast<int>(level)) rows.push_back(row);
            if (rows.size() < 5 || rows.size() == problem.rows.size()) continue;
            Problem part = problem;
            part.rows = rows;
            const double score = score_pairwise(part).value;
            if (!(score >= detail.worst_score) && score == score) {
                detail.worst = "within " + axis.name + "=" + axis.levels[level];
                detail.worst_score = score;
            }
        }
    return detail;
}

}  // namespace

extern const Protocol pairwise{
    .name = "pairwise",
    .symbol = "accuracy",
    .summary = "share of pairs of models that the measure orders as the target does; a tie of the measure is half right, a tie of the target is no pair; "
               "0.5 knows nothing",
    .source = "Nagarajan & Kolter 2019, discussion; Jiang et al. 2020",
    .sense = Sense::gain,
    .oriented = true,
    .mirrored = true,
    .uninformed = [](const Problem&) { return 0.5; },
    .score = score_pairwise,
    .detail = detail_pairwise,
};

}  // namespace assay::evaluate
