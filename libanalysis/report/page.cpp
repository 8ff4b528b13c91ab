#include "libanalysis/report/page.hpp"

#include "libanalysis/core/text.hpp"
#include "libanalysis/report/assets.hpp"
#include "libanalysis/report/coverage.hpp"
#include "libanalysis/report/document.hpp"
#include "libanalysis/report/explanation.hpp"
#include "libanalysis/report/heat_map.hpp"
#include "libanalysis/report/html.hpp"
#include "libanalysis/report/wording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <set>

namespace assay::report {
namespace {

constexpr std::size_t best_shown = 4;      // scatter plots of the best measures, beside the baselines
constexpr std::size_t forest_shown = 30;   // rows of the interval chart; the table has all

class Writer {
public:
    Writer(const Content& content, const Findings& found, const PageOptions& options)
        : content_(content), found_(found), frame_(found.frame), evaluation_(found.evaluation), fit_(found.fit), options_(options) {}

    std::string html() const {
        std::string body;
        body += header();
        body += "<main id=\"main\" tabindex=\"-1\">\n" + contents() + ranking();
        if (fit_) body += explanation_section(*fit_);
        body += measures();
        if (evaluation_) body += heat_map_section(found_.matrices, options_.describe) + breaks_section(evaluation_->targets, found_.breaks);
        body += scatter() + failures() + provenance() + "</main>\n";
        return document({.title = title(), .body = body, .data = data(),
                         .script = std::string(assets::page_js) + std::string(assets::heat_map_js) + std::string(assets::prediction_js)});
    }

private:
    std::string title() const { return content_.title.empty() ? options_.store_name : content_.title; }

    std::size_t with_status(std::string_view status) const {
        return static_cast<std::size_t>(std::count_if(content_.models.begin(), content_.models.end(),
                                                      [&](const store::ModelRow& row) { return row.status == status; }));
    }

    static const evaluate::MeasureScore* best_of(const evaluate::TargetScores& scores, evaluate::Role role) {
        for (const auto& score : scores.scores)
            if (score.role == role && std::isfinite(score.score.value)) return &score;
        return nullptr;
    }

    std::string header() const {
        std::string html = fmt::format("<header>\n<p class=\"eyebrow\">Assay report</p>\n<h1>{}</h1>\n<dl class=\"facts\">\n", escaped(title()));
        const std::size_t failed = with_status("failed");
        const std::size_t pending = with_status("pending");
        html += fact("Models", std::to_string(frame_.size()),
                     fmt::format("{} failed{}", failed == 0 ? "none" : std::to_string(failed),
                                 pending == 0 ? "" : fmt::format(", {} still to run", pending)));
        if (evaluation_) {
            const evaluate::TargetScores& first = evaluation_->targets.front();
            if (const auto* best = best_of(first, evaluate::Role::measure))
                html += fact("Best single measure of the " + escaped(first.target.title), "&tau; " + decimals(best->score.value, 2),
                             code(best->measure) + fmt::format(", the best of {} tried{}{}", evaluation_->measures_tried,
                                                                std::isnan(best->interval.low) ? "" : fmt::format("; {:.0f}&nbsp;% interval {} to {}", 100 * evaluation_->level,
                                                                                                                 decimals(best->interval.low, 2), decimals(best->interval.high, 2)),
                                                                best->beyond_chance ? "" : "; within what luck gives"));
        }
        if (fit_) {
            const predict::HeldOutScores& scores = fit_->predictor.scores;
            html += fact("Predicted order, held out", "&tau; " + decimals(scores.kendall, 2), escaped(scores.words));
            html += fact("Mean error of prediction", percent(scores.mean_absolute_error),
                         fmt::format("{} when guessing the mean", percent(scores.mean_absolute_error_of_mean)));
        }
        return html + "</dl>\n</header>\n";
    }

    // The sections that there are.
    std::string contents() const {
        std::string html = "<nav aria-label=\"Contents\"><ul class=\"contents\">";
        const auto entry = [&](std::string_view id, std::string_view title) { html += fmt::format("<li><a href=\"#h-{}\">{}</a></li>", id, title); };
        entry("ranking", "Ranking");
        if (fit_) entry("explanation", "What carries it");
        entry("measures", "Measures");
        if (evaluation_) {
            entry("protocols", "Protocols");
            entry("breaks", "Where it breaks");
            entry("scatter", "Measure against target");
        }
        entry("failures", "Failures");
        entry("provenance", "Provenance");
        return html + "</ul></nav>\n";
    }

    std::string ranking() const {
        std::string html = "<section aria-labelledby=\"h-ranking\">\n<h2 id=\"h-ranking\">Ranking by predicted test error</h2>\n";
        if (!fit_) return html + "<p class=\"note\">No prediction could be made: " + escaped(found_.why_no_fit) + ".</p>\n</section>\n";
        const predict::HeldOutScores& scores = fit_->predictor.scores;
        html += fmt::format("<p>Each model is predicted by a fit ({}) on {} measures that saw no model of its group: {}. The {:.0f}&nbsp;% "
                            "intervals held the true error for {} of the models. No number here is a training score.{}</p>\n",
                            escaped(std::string(fit_->predictor.learner->name)), fit_->predictor.features.size(), escaped(scores.words), 100 * fit_->predictor.level, percent(scores.coverage), hardest());
        html += "<figure class=\"wide\"><div class=\"legend\"></div><div class=\"chart\" id=\"calibration\"></div><figcaption>Predicted against true test error, one mark a "
                "model; vertical lines are the intervals, with an arrowhead where one goes on outside, the diagonal is perfect prediction.</figcaption></figure>\n";
        html += coverage_figure(fit_->coverage);
        html += table_start("ranking", fmt::format("Models from best to worst predicted; target: {}. Equal predictions share a rank.",
                                                   escaped(fit_->predictor.target_source)),
                            {{"Rank", true}, {"Model", false}, {"Predicted error", true}, {"Low", true}, {"High", true}, {"True error", true},
                             {"Held out with", false}});
        std::vector<const predict::HeldOutPrediction*> order;
        for (const auto& one : fit_->held_out) order.push_back(&one);
        std::stable_sort(order.begin(), order.end(),
                         [](const auto* a, const auto* b) { return a->prediction.value < b->prediction.value; });
        std::size_t rank = 0;
        for (std::size_t i = 0; i < order.size(); ++i) {
            const predict::HeldOutPrediction& one = *order[i];
            if (i == 0 || one.prediction.value != order[i - 1]->prediction.value) rank = i + 1;
            html += "<tr>" + number_cell(static_cast<double>(rank), std::to_string(rank)) + "<th scope=\"row\">" +
                    escaped(frame_.models[one.row]) + "</th>" + number_cell(one.prediction.value, percent(one.prediction.value)) +
                    number_cell(one.prediction.low, percent(one.prediction.low)) + number_cell(one.prediction.high, percent(one.prediction.high)) +
                    number_cell(one.truth, percent(one.truth)) + "<td>" +
                    escaped(scores.group == "model" ? one.fold : scores.group + " = " + one.fold) + "</td></tr>\n";
        }
        return html + std::string(table_end) + "</section>\n";
    }

    // A choice of what to hold out is not to hide that another would be harder.
    std::string hardest() const {
        if (fit_->tried.empty() || fit_->tried.front().group == fit_->predictor.scores.group) return "";
        return fmt::format(" Hardest is a new value of {}: there the mean error is {}.", escaped(fit_->tried.front().group),
                           percent(fit_->tried.front().mean_absolute_error));
    }

    std::string measures() const {
        std::string html = "<section aria-labelledby=\"h-measures\">\n<h2 id=\"h-measures\">Which measure orders the models?</h2>\n";
        if (!evaluation_) return html + "<p class=\"note\">No measure could be judged: " + escaped(found_.why_no_evaluation) + ".</p>\n</section>\n";
        html += fmt::format("<p>Kendall&rsquo;s &tau;-b between each measure and the target: 1 orders every pair of models as the target does, "
                            "&minus;1 every pair the other way round. Intervals: {:.0f}&nbsp;%, from {} resamples of the {}. {} measures and "
                            "baselines were tried, so the best of them looks good by luck alone: the shaded band holds the best of that many "
                            "under a shuffled target in 95&nbsp;% of the cases.</p>\n",
                            100 * evaluation_->level, evaluation_->replicates, escaped(evaluation_->resampled), evaluation_->measures_tried);
        html += "<div class=\"controls\" hidden><fieldset class=\"target-choice\"><legend>Target</legend></fieldset></div>\n";
        html += "<figure class=\"wide\"><div class=\"chart\" id=\"forest\"></div><figcaption>Measures by the size of &tau;. Filled: beyond luck. "
                "Squares: baselines that need no theory.</figcaption></figure>\n";
        for (const evaluate::TargetScores& one : evaluation_->targets) {
            html += fmt::format("<div class=\"per-target\" data-target=\"{}\">\n", escaped(one.target.name));
            html += table_start("measures-" + one.target.name,
                                fmt::format("{}: {} ({} models). Luck: a single &tau; has standard deviation {}, the best of {} stays below {} in "
                                            "95&nbsp;% of shuffles.",
                                            capital(one.target.title), escaped(one.target.source), one.target.models, decimals(one.chance.spread),
                                            one.chance.tried, decimals(one.chance.largest)),
                                {{"Measure", false}, {"Kind", false}, {"\u03c4-b", true}, {"Low", true}, {"High", true}, {"Beyond luck", false},
                                 {"Models", true}});
            for (const evaluate::MeasureScore& score : one.scores) {
                const std::string about = options_.describe ? options_.describe(evaluate::split_column(score.measure).measure) : "";
                html += fmt::format("<tr><th scope=\"row\"{}>{}</th><td>{}</td>",
                                    about.empty() ? "" : " title=\"" + escaped(about) + "\"", code(score.measure), kind(score.role));
                if (std::isfinite(score.score.value))
                    html += number_cell(score.score.value, decimals(score.score.value)) + number_cell(score.interval.low, decimals(score.interval.low)) +
                            number_cell(score.interval.high, decimals(score.interval.high)) +
                            fmt::format("<td>{}</td>", score.role == evaluate::Role::needs_test_labels ? "" : score.beyond_chance ? "yes" : "no");
                else
                    html += fmt::format("<td class=\"n\" data-value=\"\"></td><td colspan=\"3\" class=\"muted\">{}</td>", escaped(score.score.reason));
                html += number_cell(static_cast<double>(score.models), std::to_string(score.models)) + "</tr>\n";
            }
            html += std::string(table_end) + "</div>\n";
        }
        return html + "</section>\n";
    }

    std::string scatter() const {
        if (!evaluation_) return "";
        return "<section aria-labelledby=\"h-scatter\">\n<h2 id=\"h-scatter\">Measure against target</h2>\n"
               "<p>The best measures and the baselines, one mark a model. Point at a mark for its name, or reach a chart with Tab and go through its marks with the arrow keys; the model lights up in every chart.</p>\n"
               "<div class=\"controls\" hidden><fieldset class=\"target-choice\"><legend>Target</legend></fieldset>"
               "<label>Colour by <select id=\"colour-choice\"></select></label></div>\n"
               "<div class=\"legend\"></div>\n<div id=\"scatter\" class=\"grid\"></div>\n"
               "<noscript><p class=\"note\">Charts need JavaScript; the tables hold all their numbers.</p></noscript>\n</section>\n";
    }

    std::string failures() const {
        std::string html = "<section aria-labelledby=\"h-failures\">\n<h2 id=\"h-failures\">Failures</h2>\n";
        const std::size_t failed = with_status("failed");
        if (failed == 0) html += "<p>Every model ran.</p>\n";
        else {
            html += table_start("failures", fmt::format("{} of {} files failed.", failed, content_.models.size()),
                                {{"Model", false}, {"Kind", false}, {"Reason", false}, {"Attempts", true}});
            for (const store::ModelRow& row : content_.models)
                if (row.status == "failed")
                    html += "<tr><th scope=\"row\">" + escaped(row.path) + "</th><td>" + escaped(row.error_kind) + "</td><td class=\"reason\">" +
                            escaped(row.reason) + "</td>" + number_cell(row.attempts, std::to_string(row.attempts)) + "</tr>\n";
            html += table_end;
        }
        if (const std::size_t pending = with_status("pending"); pending > 0)
            html += fmt::format("<p>{} models have not been run yet.</p>\n", pending);
        if (const std::size_t ignored = with_status("not_a_model"); ignored > 0)
            html += fmt::format("<p>{} files in the folder are not models.</p>\n", ignored);
        return html + "</section>\n";
    }

    std::string provenance() const {
        std::string html = "<section aria-labelledby=\"h-provenance\">\n<h2 id=\"h-provenance\">How these numbers came about</h2>\n<dl class=\"provenance\">\n";
        const auto item = [&](std::string_view name, const std::string& value) {
            html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, value);
        };
        item("Store", "<code>" + escaped(options_.store_name) + "</code>");
        item("Models", fmt::format("{} ok; SHA-256 over their contents <code>{}</code>", frame_.size(), zoo_hash(content_.models)));
        std::string computed;
        for (const store::Origin& origin : content_.origins) computed += (computed.empty() ? "" : "<br>") + escaped(in_words(origin));
        if (!computed.empty()) item("Computed", computed);
        item("Report", "Assay " + escaped(options_.tool_version) + fmt::format(", seed {}", options_.seed.value));
        if (evaluation_)
            for (const auto& one : evaluation_->targets) item(capital(one.target.title), escaped(one.target.source) + fmt::format(", {} models", one.target.models));
        if (fit_) {
            const predict::HeldOutScores& scores = fit_->predictor.scores;
            std::string words = escaped(scores.words);
            if (!fit_->tried.empty()) {
                words += ". Mean error by what is held out:";
                for (const auto& tried : fit_->tried)
                    words += fmt::format(" {} {}{}", escaped(tried.group), percent(tried.mean_absolute_error), &tried == &fit_->tried.back() ? "." : ",");
            }
            item("Held out", words);
            std::string folds;
            for (const auto& fold : scores.folds)
                folds += fmt::format("{}{}: {} models, mean error {}, {}", folds.empty() ? "" : "<br>",
                                     escaped(scores.group == "model" ? fold.held_out : scores.group + " = " + fold.held_out), fold.models,
                                     percent(fold.mean_absolute_error), escaped(fold.setting));
            item("Each part", folds);
            item("Scores, held out", fmt::format("R&sup2; {}, &tau; {} ({} to {})", decimals(scores.r2), decimals(scores.kendall),
                                                 decimals(scores.kendall_interval.low), decimals(scores.kendall_interval.high)));
            item("Method", escaped(std::string(fit_->predictor.learner->summary) + "; " + fit_->predictor.setting + "; on the logit of test accuracy"));
        }
        html += "</dl>\n";
        if (!content_.runs.empty()) {
            html += fmt::format("<details><summary>Runs that filled the store ({})</summary>\n", content_.runs.size());
            for (const Json& run : content_.runs) html += "<pre>" + run_text(run) + "</pre>\n";
            html += "</details>\n";
        }
        return html + "</section>\n";
    }

    static std::string run_text(const Json& run) {
        if (!run.is_object()) return escaped(run.dump());
        std::string text;
        for (const auto& [key, value] : run.items())
            text += escaped(key) + ": " + escaped(value.is_string() ? value.get<std::string>() : value.dump()) + "\n";
        return text;
    }

    // ---- numbers for the charts ----

    Json data() const {
        Json data;
        data["models"] = Json::array();
        for (const std::string& model : frame_.models) data["models"].push_back(printable(model));
        data["factors"] = Json::array();
        for (const evaluate::Factor& factor : frame_.config) {
            const std::vector<std::string> names = evaluate::levels(factor);
            if (names.size() < 2 || names.size() > 8) continue;   // as many as there are colours
            Json levels = Json::array();
            for (const std::string& name : names) levels.push_back(printable(name));
            data["factors"].push_back({{"name", printable(factor.name)}, {"levels", levels}, {"level", evaluate::level_of_model(factor)}});
        }
        data["targets"] = Json::array();
        std::set<std::string> needed;
        if (evaluation_)
            for (const evaluate::TargetScores& one : evaluation_->targets) data["targets"].push_back(target_data(one, needed));
        data["measures"] = Json::object();
        for (const std::string& name : needed) {
            const evaluate::Column* column = name.starts_with("metric.") ? frame_.metric(name) : frame_.measure(name);
            Json values = Json::array();
            for (const double value : column->values) values.push_back(number_or_null(value));
            data["measures"][name] = std::move(values);
        }
        data["predictions"] = Json::array();
        if (fit_)
            for (const predict::HeldOutPrediction& one : fit_->held_out)
                data["predictions"].push_back({{"row", one.row}, {"predicted", one.prediction.value}, {"low", one.prediction.low},
                                               {"high", one.prediction.high}, {"actual", one.truth}});
        data["coverage"] = fit_ ? coverage_data(fit_->coverage) : Json::array();
        data["explanation"] = fit_ ? explanation_data(*fit_) : Json();
        data["matrices"] = heat_map_data(found_.matrices);
        data["group"] = fit_ ? fit_->predictor.scores.group : "";
        return data;
    }

    Json target_data(const evaluate::TargetScores& one, std::set<std::string>& needed) const {
        Json target{{"name", one.target.name}, {"title", one.target.title}, {"luck", number_or_null(one.chance.largest)}};
        target["values"] = Json::array();
        for (const double value : one.target.values) target["values"].push_back(number_or_null(value));
        target["scores"] = Json::array();
        target["charts"] = Json::array();
        std::size_t best = 0, shown = 0;
        for (const evaluate::MeasureScore& score : one.scores) {
            if (score.role == evaluate::Role::needs_test_labels || !std::isfinite(score.score.value)) continue;
            const bool baseline = score.role == evaluate::Role::baseline;
            if (shown++ < forest_shown || baseline)
                target["scores"].push_back({{"measure", score.measure}, {"baseline", baseline}, {"score", score.score.value},
                                            {"low", number_or_null(score.interval.low)}, {"high", number_or_null(score.interval.high)},
                                            {"beyond", score.beyond_chance}});
            if (baseline || best++ < best_shown) {
                target["charts"].push_back({{"measure", score.measure}, {"score", score.score.value}, {"baseline", baseline}});
                needed.insert(score.measure);
            }
        }
        target["hidden"] = shown > forest_shown ? shown - forest_shown : 0;
        return target;
    }

    const Content& content_;
    const Findings& found_;
    const evaluate::Frame& frame_;
    const std::optional<evaluate::Evaluation>& evaluation_;
    const std::optional<predict::Fit>& fit_;
    const PageOptions& options_;
};

}  // namespace

std::string page(const Content& content, const Findings& found, const PageOptions& options) { return Writer(content, found, options).html(); }

}  // namespace assay::report
