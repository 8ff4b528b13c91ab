#include "libanalysis/report/explanation.hpp"

#include "libanalysis/core/text.hpp"
#include "libanalysis/report/document.hpp"
#include "libanalysis/report/html.hpp"
#include "libanalysis/report/wording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace assay::report {
namespace {

constexpr std::size_t parts_shown = 8;

// Indices by descending size of what they stand for.
std::vector<std::size_t> by_size(const std::vector<double>& values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return std::abs(values[a]) > std::abs(values[b]); });
    return order;
}

std::string features_table(const predict::Predictor& predictor) {
    const std::vector<double>& importance = predictor.importance;
    const double sum = std::accumulate(importance.begin(), importance.end(), 0.0), most = *std::max_element(importance.begin(), importance.end());
    std::string html = table_start("features", fmt::format("{} features of the predictor. Contribution: mean absolute Shapley value, to the logit of test accuracy.",
                                                           predictor.features.size()),
                                   {{"Feature", false}, {"Contribution", true}, {"Share", true}, {"", false}});
    for (const std::size_t c : by_size(importance)) {
        html += "<tr><th scope=\"row\">" + code(predictor.features[c]) + "</th>" + number_cell(importance[c], decimals(importance[c], 4)) +
                number_cell(importance[c] / sum, sum > 0 ? fmt::format("{:.1f}&nbsp;%", 100 * importance[c] / sum) : "");
        html += fmt::format("<td class=\"bar\" aria-hidden=\"true\"><span style=\"width:{:.1f}%\"></span></td></tr>\n", most > 0 ? 100 * importance[c] / most : 0);
    }
    return html + std::string(table_end);
}

}  // namespace

std::string explanation_section(const predict::Fit& fit) {
    std::string html = "<section aria-labelledby=\"h-explanation\">\n<h2 id=\"h-explanation\">What carries the prediction</h2>\n";
    if (fit.predictor.importance.empty())
        html += fmt::format("<p class=\"note\">The method {} tells no contributions of features.</p>\n", escaped(std::string(fit.predictor.learner->name)));
    else
        html += "<p>How much each feature moves a prediction, over models that were held out; no fit is asked about a model it saw. That is what "
                "the fit uses, not what causes an error: features that say the same share it between them.</p>\n" +
                features_table(fit.predictor) +
                "<div class=\"controls\" hidden><label>One model <select id=\"model-choice\"></select></label></div>\n<div id=\"contributions\" aria-live=\"polite\"></div>\n";
    if (!fit.selection.dropped.empty()) {
        html += fmt::format("<details><summary>Measures that are no features ({})</summary>\n", fit.selection.dropped.size()) +
                table_start("dropped", "Left out of the predictor.", {{"Measure", false}, {"Why", false}});
        for (const auto& dropped : fit.selection.dropped) html += "<tr><th scope=\"row\">" + code(dropped.column) + "</th><td>" + escaped(dropped.reason) + "</td></tr>\n";
        html += std::string(table_end) + "</details>\n";
    }
    return html + "</section>\n";
}

Json explanation_data(const predict::Fit& fit) {
    if (fit.predictor.importance.empty()) return nullptr;
    Json data{{"features", Json::array()}, {"models", Json::array()}};
    std::map<std::size_t, std::size_t> numbered;   // features that are named at all
    for (const predict::HeldOutPrediction& one : fit.held_out) {
        const std::vector<double>& all = one.prediction.contributions;
        const std::vector<std::size_t> order = by_size(all);
        Json parts = Json::array();
        double rest = 0;
        for (std::size_t k = 0; k < order.size(); ++k) {
            if (k >= parts_shown) {
                rest += all[order[k]];
                continue;
            }
            const auto [at, added] = numbered.try_emplace(order[k], numbered.size());
            if (added) data["features"].push_back(printable(fit.predictor.features[order[k]]));
            parts.push_back({at->second, all[order[k]]});
        }
        data["models"].push_back({{"row", one.row}, {"base", one.prediction.base}, {"parts", std::move(parts)}, {"rest", rest},
                                  {"others", order.size() - std::min(order.size(), parts_shown)}});
    }
    return data;
}

}  // namespace assay::report
