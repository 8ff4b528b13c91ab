#include "libanalysis/report/coverage.hpp"

#include "libanalysis/report/document.hpp"
#include "libanalysis/report/wording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::report {
namespace {

double share(const predict::Coverage& one) { return static_cast<double>(one.held) / static_cast<double>(one.models); }

}  // namespace

Scatter coverage_scatter(const predict::Coverage& one) {
    const double reach = 1.96 * std::sqrt(one.level * (1 - one.level) / static_cast<double>(one.models));
    return {std::max(0.0, one.level - reach), std::min(1.0, one.level + reach)};
}

std::string coverage_figure(const std::vector<predict::Coverage>& coverage) {
    if (coverage.empty()) return "";
    std::string html = "<div class=\"split\">\n<figure><div class=\"chart\" id=\"coverage\"></div><figcaption>Do the intervals hold what they say? Share of held-out models "
                       "inside, against the level; the diagonal is as said, the band what as many independent models scatter.</figcaption></figure>\n<div>\n";
    html += table_start("coverage-table", "Intervals from the residuals of the other groups, for each level.",
                        {{"Level", true}, {"Inside", true}, {"Held", true}, {"Models", true}});
    for (const predict::Coverage& one : coverage)
        html += "<tr>" + number_cell(one.level, fmt::format("{:.0f}&nbsp;%", 100 * one.level)) + number_cell(share(one), fmt::format("{:.1f}&nbsp;%", 100 * share(one))) +
                number_cell(static_cast<double>(one.held), std::to_string(one.held)) + number_cell(static_cast<double>(one.models), std::to_string(one.models)) + "</tr>\n";
    return html + std::string(table_end) + "</div>\n</div>\n";
}

Json coverage_data(const std::vector<predict::Coverage>& coverage) {
    Json data = Json::array();
    for (const predict::Coverage& one : coverage) {
        const Scatter scatter = coverage_scatter(one);
        data.push_back({{"level", one.level}, {"share", share(one)}, {"low", scatter.low}, {"high", scatter.high}});
    }
    return data;
}

}  // namespace assay::report
