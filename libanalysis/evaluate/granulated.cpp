// Granulated Kendall correlation: tau along one hyper-parameter with all others fixed, averaged.

#include "libanalysis/evaluate/granulated.hpp"

namespace assay::evaluate {

std::map<int, std::vector<std::size_t>> by_context(const Problem& problem, const Axis& axis) {
    std::map<int, std::vector<std::size_t>> groups;
    for (const std::size_t row : problem.rows)
        if (axis.level[row] >= 0 && axis.context[row] >= 0) groups[axis.context[row]].push_back(row);
    return groups;
}

double granulated_pairs(const Problem& problem) {
    double pairs = 0;
    if (problem.design)
        for (const Axis& axis : problem.design->axes())
            for (const auto& [context, rows] : by_context(problem, axis)) pairs += 0.5 * static_cast<double>(rows.size()) * static_cast<double>(rows.size());
    return pairs;
}

namespace {

struct Group {
    std::size_t axis;
    std::size_t row;   // any of its models
    double tau;
};

// tau-a over the pairs whose setting of the axis differs; runs of one configuration are no pair.
double tau_of(const Problem& problem, const Axis& axis, const std::vector<std::size_t>& rows) {
    std::int64_t pairs = 0, difference = 0;
    for (std::size_t i = 0; i < rows.size(); ++i)
        for (std::size_t j = i + 1; j < rows.size(); ++j) {
            const std::size_t a = rows[i], b = rows[j];
            if (axis.level[a] == axis.level[b]) continue;
            ++pairs;
            difference += sign(problem.measure[a] - problem.measure[b]) * sign(problem.target[a] - problem.target[b]);
        }
    return pairs == 0 ? missing : static_cast<double>(difference) / static_cast<double>(pairs);
}

std::vector<Group> groups_of(const Problem& problem) {
    std::vector<Group> groups;
    if (!problem.design) return groups;
    for (std::size_t a = 0; a < problem.design->axes().size(); ++a) {
        const Axis& axis = problem.design->axes()[a];
        for (const auto& [context, rows] : by_context(problem, axis))
            if (const double tau = tau_of(problem, axis, rows); tau == tau) groups.push_back({a, rows.front(), tau});
    }
    return groups;
}

// psi of every axis that has groups.
std::map<std::size_t, double> psi_by_axis(const std::vector<Group>& groups) {
    std::map<std::size_t, std::pair<double, int>> sums;
    for (const Group& group : groups) {
        sums[group.axis].first += group.tau;
        ++sums[group.axis].second;
    }
    std::map<std::size_t, double> psi;
    for (const auto& [axis, sum] : sums) psi[axis] = sum.first / sum.second;
    return psi;
}

Score score_of(const std::vector<Group>& groups) {
    const std::map<std::size_t, double> psi = psi_by_axis(groups);
    if (psi.empty()) return {missing, "no two models differ in one hyper-parameter only"};
    double sum = 0;
    for (const auto& [axis, value] : psi) sum += value;
    return {sum / static_cast<double>(psi.size())};
}

Score score_psi(const Problem& problem) { return score_of(groups_of(problem)); }

// A measure whose score is negative is read as falling: it does worst where it rises most.
Detail detail_psi(const Problem& problem) {
    const std::vector<Group> groups = groups_of(problem);
    Detail detail;
    const bool falling = score_of(groups).value < 0;
    const Group* worst = nullptr;
    for (const Group& group : groups)
        if (!worst || (falling ? group.tau > worst->tau : group.tau < worst->tau)) worst = &group;
    if (worst) {
        const std::string fixed = problem.design->words(worst->row, worst->axis);
        detail.worst = "along " + problem.design->axes()[worst->axis].name + (fixed.empty() ? "" : " at " + fixed);
        detail.worst_score = worst->tau;
    }
    for (const auto& [axis, value] : psi_by_axis(groups)) detail.numbers.emplace_back("psi_" + problem.design->axes()[axis].name, value);
    return detail;
}

}  // namespace

extern const Protocol psi{
    .name = "psi",
    .symbol = "Psi",
    .summary = "granulated Kendall: tau-a among models that differ in one hyper-parameter only, averaged over groups, then over hyper-parameters",
    .source = "Jiang et al. 2020, section 4.2",
    .score = score_psi,
    .pairs = [](const Problem& problem) { return granulated_pairs(problem) + 300 * static_cast<double>(problem.rows.size()); },   // and grouping
    .detail = detail_psi,
};

}  // namespace assay::evaluate
