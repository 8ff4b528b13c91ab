#include "libanalysis/report/where_it_breaks.hpp"

#include "libanalysis/report/document.hpp"
#include "libanalysis/report/html.hpp"
#include "libanalysis/report/wording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::report {
namespace {

constexpr std::size_t best_looked_at = 8, breaks_each = 5;

std::size_t beyond_half(const evaluate::Break& one) { return 2 * one.wrong - one.pairs; }

std::string model_cell(const std::string& model, double target, double measure) {
    return "<td class=\"model\">" + escaped(model) + "<br><span class=\"muted\">" + percent(target) + "; measure " + significant(measure, 4) + "</span></td>";
}

std::string table(const evaluate::TargetScores& scores, const Breaks& breaks) {
    if (breaks.all.empty()) return "<p>Between no two settings does one of them order more than half of the pairs wrongly.</p>\n";
    std::string html = table_start("breaks-" + scores.target.name,
                                   fmt::format("Settings between which more than half of the pairs are ordered wrongly, by {0}; the gravest first. The two models "
                                               "are the wrongly ordered pair that lies farthest apart, the one with the smaller {0} first.", escaped(scores.target.title)),
                                   {{"Measure", false}, {"Kind", false}, {"Hyper-parameter", false}, {"Settings", false}, {"Wrong", true}, {"Pairs", true},
                                    {"Smaller", false}, {"Larger", false}});
    for (const MeasureBreak& one : breaks.all) {
        const evaluate::Break& found = one.found;
        html += "<tr><th scope=\"row\">" + code(one.measure) + (one.falling ? " <span class=\"muted\">read as falling</span>" : "") + "</th><td>" +
                std::string(kind(one.role)) + "</td><td>" + code(found.axis) + (found.others_equal ? "" : " <span class=\"muted\">others differ too</span>") +
                "</td><td class=\"settings\">" + escaped(found.low) + " against " + escaped(found.high) + "</td>" +
                number_cell(static_cast<double>(found.wrong) / static_cast<double>(found.pairs),
                            fmt::format("{:.0f}&nbsp;%", 100 * static_cast<double>(found.wrong) / static_cast<double>(found.pairs))) +
                number_cell(static_cast<double>(found.pairs), std::to_string(found.pairs)) + model_cell(found.smaller, found.smaller_target, found.smaller_measure) +
                model_cell(found.larger, found.larger_target, found.larger_measure) + "</tr>\n";
    }
    return html + std::string(table_end);
}

}  // namespace

Breaks where_it_breaks(const evaluate::Frame& frame, const evaluate::TargetScores& scores) {
    const evaluate::Design design(frame.config);
    Breaks breaks;
    std::size_t best = 0;
    for (const evaluate::MeasureScore& score : scores.scores) {
        if (score.role == evaluate::Role::needs_test_labels || !std::isfinite(score.score.value)) continue;
        if (score.role == evaluate::Role::measure && best++ >= best_looked_at) continue;
        const evaluate::Column* column = score.measure.starts_with("metric.") ? frame.metric(score.measure) : frame.measure(score.measure);
        const bool falling = score.score.value < 0;
        const std::vector<std::size_t> rows = evaluate::complete_rows(column->values, scores.target.values);
        std::vector<evaluate::Break> found = evaluate::breaks({column->values, scores.target.values, &design, rows}, frame.models, breaks_each, falling);
        if (found.empty()) breaks.without.push_back(score.measure);
        for (evaluate::Break& one : found) breaks.all.push_back({score.measure, score.role, falling, std::move(one)});
    }
    std::stable_sort(breaks.all.begin(), breaks.all.end(),
                     [](const MeasureBreak& a, const MeasureBreak& b) { return beyond_half(a.found) > beyond_half(b.found); });
    return breaks;
}

std::string breaks_section(const std::vector<evaluate::TargetScores>& targets, const std::vector<Breaks>& breaks) {
    std::string html = fmt::format("<section aria-labelledby=\"h-breaks\">\n<h2 id=\"h-breaks\">Where it breaks</h2>\n"
                                   "<p>A measure that orders models well on the whole may order them wrongly between two settings of one hyper-parameter. Looked at: the "
                                   "{} measures with the largest &tau;, and the baselines, each read in the direction of its own &tau;. Pairs agree in all other "
                                   "hyper-parameters where the zoo has such pairs.</p>\n", best_looked_at);
    for (std::size_t t = 0; t < breaks.size(); ++t) {
        html += fmt::format("<div class=\"per-target\" data-target=\"{}\">\n", escaped(targets[t].target.name)) + table(targets[t], breaks[t]);
        std::string names;
        for (const std::string& measure : breaks[t].without) names += (names.empty() ? "" : ", ") + code(measure);
        if (!names.empty()) html += "<p>No such settings: " + names + ".</p>\n";
        html += "</div>\n";
    }
    return html + "</section>\n";
}

}  // namespace assay::report
