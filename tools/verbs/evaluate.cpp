#include "libanalysis/evaluate/evaluation.hpp"
#include "tools/analysis.hpp"
#include "tools/parse.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <cmath>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;
using evaluate::Role;

std::string number(double value) { return std::isnan(value) ? "" : fixed(value, 3); }

std::string_view kind(Role role) {
    return role == Role::baseline ? "baseline" : role == Role::needs_test_labels ? "test labels" : "";
}

void print_target(const evaluate::Evaluation& evaluation, const evaluate::TargetScores& one, std::size_t limit) {
    fmt::print("\n{}: {} ({} models)\n\n", one.target.title, one.target.source, one.target.models);
    Table table({{"measure", Table::Align::left}, {std::string(evaluation.protocol->symbol)},
                 {fmt::format("{:.0f} % interval", 100 * evaluation.level)}, {"models"}, {"beyond luck", Table::Align::left},
                 {"", Table::Align::left}});
    std::size_t shown = 0;
    for (const evaluate::MeasureScore& score : one.scores) {
        if (shown++ == limit) break;
        const bool none = std::isnan(score.score.value);
        table.add({score.measure, none ? "-" : number(score.score.value), interval(score.interval.low, score.interval.high, 3),
                   std::to_string(score.models), none || score.role == Role::needs_test_labels ? "" : score.beyond_chance ? "yes" : "no",
                   none ? score.score.reason : std::string(kind(score.role))});
    }
    fmt::print("{}", table.text());
    if (one.scores.size() > limit) fmt::print("({} more rows: --limit 0 shows all)\n", one.scores.size() - limit);
    fmt::print("{}", wrapped(fmt::format("luck: with a shuffled target one measure has deviation {} and stays below {} in 95 % of the cases; the best of "
                                         "the {} tried stays below {}.", number(one.chance.spread), number(one.chance.single), one.chance.tried,
                                         number(one.chance.largest))));
}

void print_csv(const evaluate::Evaluation& evaluation) {
    const auto cell = [](double value) { return std::isnan(value) ? std::string() : fmt::format("{:.17g}", value); };
    fmt::print("protocol,target,measure,role,score,low,high,models,beyond_chance\n");
    for (const auto& one : evaluation.targets)
        for (const auto& score : one.scores)
            // A column's name may hold commas between brackets.
            fmt::print("{},{},\"{}\",{},{},{},{},{},{}\n", evaluation.protocol->name, one.target.name, score.measure,
                       evaluate::to_string(score.role), cell(score.score.value), cell(score.interval.low), cell(score.interval.high),
                       score.models, score.beyond_chance);
}

int run(const std::vector<std::string>& words) {
    std::string target, measure;
    evaluate::EvaluationOptions options;
    std::size_t limit = 40;
    std::uint64_t seed = 0;
    std::string protocols;
    for (const evaluate::Protocol* one : evaluate::protocols()) protocols += (protocols.empty() ? "" : ", ") + std::string(one->name);
    po::options_description description("Options");
    description.add_options()
        ("protocol", po::value(&options.protocol)->default_value("kendall"), ("how to judge: " + protocols).c_str())
        ("target", po::value(&target), "gap or test_error (default: both)")
        ("measure", po::value(&measure), "only measures that match this pattern (*, ?); baselines stay")
        ("group", po::value(&options.group), "draw the values of this config column as a whole for the intervals, e.g. config.depth")
        ("level", po::value(&options.level)->default_value(0.95, "0.95"), "of the intervals")
        ("replicates", po::value(&options.replicates)->default_value(1000), "bootstrap resamples and permutations")
        ("seed", po::value(&seed)->default_value(0), "of both")
        ("limit", po::value(&limit)->default_value(40), "rows per table, 0: all")
        ("json", po::bool_switch(), "print JSON")
        ("csv", po::bool_switch(), "print CSV");
    const auto values = parse({"assay evaluate STORE [options]",
                               "Says how well each measure orders the models of a zoo by generalisation gap and by test error, beside the "
                               "baselines that need no theory and beside luck.",
                               {"assay evaluate zoo.assay", "assay evaluate zoo.assay --target gap --measure 'spectral*' --group config.depth",
                                "assay evaluate zoo.assay --json > scores.json"},
                               "STORE"}, description, words);
    if (!values) return 0;
    if (!target.empty() && target != "gap" && target != "test_error")
        throw Error(ErrorKind::usage, {"--target", "gap or test_error", target});
    if (!(options.level > 0 && options.level < 1)) throw Error(ErrorKind::usage, {"--level", "a number between 0 and 1", fmt::format("{}", options.level)});
    if (options.replicates < 10) throw Error(ErrorKind::usage, {"--replicates", "at least 10", std::to_string(options.replicates)});
    options.seed = Seed{seed};
    options.needs_test_labels = needs_test_labels;
    if (!measure.empty()) options.wanted = [&](std::string_view column) { return fnmatch(measure.c_str(), std::string(column).c_str(), 0) == 0; };

    const std::string path = (*values)["STORE"].as<std::string>();
    const report::Content content = open_content(path);
    evaluate::Evaluation evaluation = evaluate::evaluate(report::frame_of(content.table), options);
    if (!target.empty()) std::erase_if(evaluation.targets, [&](const auto& one) { return one.target.name != target; });
    if (evaluation.targets.empty()) throw Error(ErrorKind::data, {path, "what --target " + target + " needs", "no such values that differ between models"});
    if ((*values)["json"].as<bool>()) {
        Json json{{"schema_version", 1}, {"store", path}, {"title", content.title}, {"models", content.table.models.size()}, {"seed", seed}};
        json.update(evaluation.to_json());
        fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
        return 0;
    }
    if ((*values)["csv"].as<bool>()) {
        print_csv(evaluation);
        return 0;
    }
    fmt::print("{}", wrapped(zoo_line(content, path)));
    fmt::print("{}", wrapped(fmt::format("{}. Intervals: {} resamples of {}. {} measures and baselines were tried.", evaluation.protocol->summary,
                                         evaluation.replicates, evaluation.resampled, evaluation.measures_tried)));
    for (const auto& one : evaluation.targets) print_target(evaluation, one, limit == 0 ? one.scores.size() : limit);
    return 0;
}

}  // namespace

extern const Verb evaluate{.name = "evaluate", .summary = "which measure orders the models of a zoo by gap and by test error", .run = run};

}  // namespace assay::tools::verbs
