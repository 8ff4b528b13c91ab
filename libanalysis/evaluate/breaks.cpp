#include "libanalysis/evaluate/breaks.hpp"

#include "libanalysis/evaluate/granulated.hpp"

#include <algorithm>
#include <map>

namespace assay::evaluate {
namespace {

class Search {
public:
    Search(const Problem& problem, std::span<const std::string> models, bool falling) : problem_(problem), models_(models), falling_(falling) {}

    void look(std::size_t axis, bool others_equal) {
        const Axis& along = problem_.design->axes()[axis];
        if (others_equal) {
            for (const auto& [context, rows] : by_context(problem_, along)) pairs_of(axis, rows, true);
        } else {
            std::vector<std::size_t> rows;
            for (const std::size_t row : problem_.rows)
                if (along.level[row] >= 0) rows.push_back(row);
            pairs_of(axis, rows, false);
        }
    }
    std::map<std::pair<int, int>, Break> found;

private:
    void pairs_of(std::size_t axis, const std::vector<std::size_t>& rows, bool others_equal) {
        const Axis& along = problem_.design->axes()[axis];
        for (std::size_t i = 0; i < rows.size(); ++i)
            for (std::size_t j = i + 1; j < rows.size(); ++j) {
                std::size_t less = rows[i], more = rows[j];
                if (along.level[less] == along.level[more] || problem_.target[less] == problem_.target[more]) continue;
                if (problem_.target[less] > problem_.target[more]) std::swap(less, more);
                const auto levels = std::minmax(along.level[less], along.level[more]);
                Break& one = found[levels];
                if (one.pairs++ == 0) {
                    one.axis = along.name;
                    one.low = along.levels[static_cast<std::size_t>(levels.first)];
                    one.high = along.levels[static_cast<std::size_t>(levels.second)];
                    one.others_equal = others_equal;
                }
                if (falling_ ? problem_.measure[less] >= problem_.measure[more] : problem_.measure[less] <= problem_.measure[more]) continue;
                ++one.wrong;
                if (one.wrong > 1 && problem_.target[more] - problem_.target[less] <= one.larger_target - one.smaller_target) continue;
                one.smaller = models_[less];
                one.larger = models_[more];
                one.smaller_target = problem_.target[less];
                one.larger_target = problem_.target[more];
                one.smaller_measure = problem_.measure[less];
                one.larger_measure = problem_.measure[more];
            }
    }
    const Problem& problem_;
    std::span<const std::string> models_;
    bool falling_;
};

}  // namespace

Json Break::to_json() const {
    return {{"hyper_parameter", axis}, {"settings", {low, high}}, {"pairs", pairs}, {"wrong", wrong}, {"others_equal", others_equal},
            {"models", {smaller, larger}}, {"targets", {number_to_json(smaller_target), number_to_json(larger_target)}},
            {"values", {number_to_json(smaller_measure), number_to_json(larger_measure)}}};
}

std::vector<Break> breaks(const Problem& problem, std::span<const std::string> models, std::size_t limit, bool falling) {
    std::vector<Break> all;
    if (!problem.design) return all;
    for (std::size_t axis = 0; axis < problem.design->axes().size(); ++axis) {
        Search search(problem, models, falling);
        search.look(axis, true);
        if (search.found.empty()) search.look(axis, false);
        for (auto& [levels, one] : search.found)
            if (one.pairs >= 3 && 2 * one.wrong > one.pairs) all.push_back(std::move(one));
    }
    std::stable_sort(all.begin(), all.end(), [](const Break& a, const Break& b) { return 2 * a.wrong - a.pairs > 2 * b.wrong - b.pairs; });
    if (all.size() > limit) all.resize(limit);
    return all;
}

}  // namespace assay::evaluate
