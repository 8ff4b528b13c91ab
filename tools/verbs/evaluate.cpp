#include "libanalysis/core/context.hpp"
#include "libanalysis/core/named.hpp"
#include "libanalysis/evaluate/evaluation.hpp"
#include "libanalysis/evaluate/table.hpp"
#include "tools/analysis.hpp"
#include "tools/parse.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;
using evaluate::Role;

std::string number(double value, int decimals = 3) { return std::isnan(value) ? "" : fixed(value, decimals); }

// What all measures' names begin with, up to a dot: a table of many columns has no room to repeat it.
std::string common_beginning(const evaluate::TargetScores& scores) {
    std::string common;
    std::size_t names = 0;
    for (const evaluate::MeasureScore& score : scores.scores) {
        if (score.role == Role::baseline && score.measure.starts_with("metric.")) continue;
        if (names++ == 0) common = score.measure.substr(0, score.measure.find('.') + 1);
        else if (!score.measure.starts_with(common)) return "";
    }
    return names > 1 && common.ends_with('.') ? common : "";
}

std::string_view kind(Role role) {
    return role == Role::baseline ? "baseline" : role == Role::needs_test_labels ? "test labels" : role == Role::part_of_target ? "part of the gap" : "";
}

// Detail numbers that a table has room for; JSON has all.
std::string more(const evaluate::MeasureScore& score, int decimals) {
    std::string text;
    for (const auto& [name, value] : score.detail.numbers)
        if (name == "p90" || name == "max" || name == "adjusted" || name == "mean" || name == "without_measure") text += (text.empty() ? "" : ", ") + (name == "without_measure" ? "constant" : name) + " " + number(value, decimals);
    return text;
}

void print_luck(const evaluate::Evaluation& evaluation, const evaluate::Chance& chance, int decimals) {
    if (chance.permutations == 0) return;
    if (evaluation.protocol->sense == evaluate::Sense::signed_score)
        fmt::print("{}", wrapped(fmt::format("luck: with a shuffled target one measure has deviation {} and stays below {} in 95 % of the cases; the best of "
                                             "the {} tried stays below {}.", number(chance.spread, decimals), number(chance.single, decimals), chance.tried, number(chance.largest, decimals))));
    else
        fmt::print("{}", wrapped(fmt::format("luck: with a shuffled target one measure has {} +- {}; in 95 % of the cases one measure does no better than {}, the "
                                             "best of the {} tried no better than {}.", number(chance.center, decimals), number(chance.spread, decimals), number(chance.single, decimals),
                                             chance.tried, number(chance.largest, decimals)) +
                                 (evaluation.protocol->mirrored ? fmt::format(" The worst of them is no worse than {} in 95 % of the cases; one that is (\"yes, reversed\") "
                                                                              "tells the order beyond luck with its sign turned.", number(chance.reversed, decimals)) : "")));
}

// The first `limit` rows, and every baseline wherever it ranks: no measure is shown without what is trivial beside it.
std::vector<std::size_t> shown_rows(const evaluate::TargetScores& one, std::size_t limit) {
    std::vector<std::size_t> rows;
    for (std::size_t k = 0; k < one.scores.size(); ++k)
        if (k < limit || one.scores[k].role == Role::baseline) rows.push_back(k);
    return rows;
}

// "156 measures and baselines, and 5 columns that look at test labels": the same words wherever columns are counted.
std::string columns_of(const evaluate::Evaluation& evaluation, const evaluate::TargetScores& one) {
    const std::size_t apart = one.scores.size() - evaluation.measures_tried;
    return fmt::format("{}{}", evaluation.measures_tried == 1 ? "1 measure or baseline" : fmt::format("{} measures and baselines", evaluation.measures_tried),
                       apart == 0 ? "" : fmt::format(", and {} {} at test labels", apart, apart == 1 ? "column that looks" : "columns that look"));
}

void print_breaks(const evaluate::TargetScores& one, std::size_t limit) {
    bool any = false;
    for (const std::size_t k : shown_rows(one, limit)) {
        const evaluate::MeasureScore& score = one.scores[k];
        for (const evaluate::Break& broken : score.breaks) {
            if (!any) fmt::print("\nWhere it breaks: settings between which a measure, read in the direction of its own score, orders\nmore than half of the pairs wrongly\n");
            any = true;
            fmt::print("{}", wrapped(fmt::format("{}{}: {} {} against {}: {} of {} pairs wrong{}; open {} ({} {}, measure {}) and {} ({} {}, measure {})", score.measure, score.breaks_falling ? " (read as falling)" : "",
                                                 broken.axis, broken.low, broken.high, broken.wrong, broken.pairs,
                                                 broken.others_equal ? ", all else equal" : ", other settings differ too", printable(broken.smaller), one.target.name,
                                                 significant(broken.smaller_target), significant(broken.smaller_measure), printable(broken.larger), one.target.name,
                                                 significant(broken.larger_target), significant(broken.larger_measure))));
        }
    }
    if (!any) fmt::print("{}", wrapped("no breaks: between no two settings of a hyper-parameter does a measure order more than half of at least three pairs wrongly"));
}

void print_target(const evaluate::Evaluation& evaluation, const evaluate::TargetScores& one, std::size_t limit, bool breaks_wanted) {
    fmt::print("\n{}: {} ({} models)\n\n", one.target.title, one.target.source, one.target.models);
    const bool nothing = !one.scores.empty() && std::all_of(one.scores.begin(), one.scores.end(), [&](const auto& score) {
        return std::isnan(score.score.value) && score.score.reason == one.scores.front().score.reason;
    });
    if (nothing) {
        fmt::print("{}", wrapped(fmt::format("no score for any of the {}: {}", columns_of(evaluation, one), one.scores.front().score.reason)));
        if (breaks_wanted) fmt::print("{}", wrapped("no breaks: they are looked for where a measure has a score; --protocol names another one"));
        return;
    }
    std::vector<Table::Column> columns{{"measure", Table::Align::left}, {std::string(evaluation.protocol->symbol)}};
    const bool counts = std::any_of(one.scores.begin(), one.scores.end(), [&](const auto& score) { return score.models != one.target.models; });
    const bool intervals = !evaluation.intervals.empty(), luck = one.chance.permutations > 0;
    const bool details = std::any_of(one.scores.begin(), one.scores.end(), [](const auto& score) { return !score.detail.worst.empty(); });
    if (intervals) columns.push_back({fmt::format("{:.0f} % interval", 100 * evaluation.level)});
    if (counts) columns.push_back({"models"});
    if (luck) columns.push_back({"beyond luck", Table::Align::left});
    if (details) columns.push_back({"worst"});
    columns.push_back({"", Table::Align::left});
    Table table(columns);
    const std::string beginning = common_beginning(one);
    const int decimals = evaluation.protocol->decimals;
    const std::vector<std::size_t> shown = shown_rows(one, limit);
    bool below_the_cut = false;
    for (const std::size_t k : shown) {
        const evaluate::MeasureScore& score = one.scores[k];
        if (k >= limit && !below_the_cut) {
            table.rule();
            below_the_cut = true;
        }
        const bool none = std::isnan(score.score.value);
        const std::string name = score.measure.starts_with(beginning) ? score.measure.substr(beginning.size()) : score.measure;
        std::vector<std::string> cells{(score.negated ? "-" : "") + name, none ? "-" : number(score.score.value, decimals)};
        if (intervals) cells.push_back(interval(score.interval.low, score.interval.high, decimals));
        if (counts) cells.push_back(std::to_string(score.models));
        if (luck) cells.push_back(none || score.role == Role::needs_test_labels ? "" : score.beyond_chance ? "yes" : score.reversed ? "yes, reversed" : "no");
        if (details) cells.push_back(number(score.detail.worst_score, decimals));
        const std::string role = std::string(kind(score.role)) + (below_the_cut ? fmt::format(", rank {}", k + 1) : ""), numbers = more(score, decimals);
        cells.push_back(none ? (below_the_cut ? role + ": " : "") + score.score.reason : role + (role.empty() || numbers.empty() ? "" : "; ") + numbers);
        table.add(std::move(cells));
    }
    fmt::print("{}", table.text());
    if (one.scores.size() > shown.size()) {
        const auto hidden = std::count_if(one.scores.begin(), one.scores.end(), [](const auto& score) { return score.reversed; }) -
                            std::count_if(shown.begin(), shown.end(), [&](std::size_t k) { return one.scores[k].reversed; });
        fmt::print("({} of {} rows are not shown{}: --limit 0 shows all)\n", one.scores.size() - shown.size(), one.scores.size(),
                   hidden > 0 ? fmt::format(", {} of them beyond luck with the sign turned", hidden) : "");
    }
    if (!beginning.empty()) fmt::print("(names without \"{}\", with which all begin)\n", printable(beginning));
    print_luck(evaluation, one.chance, decimals);
    if (details && !one.scores.empty() && !one.scores.front().detail.worst.empty())
        fmt::print("{}", wrapped(fmt::format("worst: the environment in which a measure does worst; for {}: {}.", one.scores.front().measure,
                                             one.scores.front().detail.worst)));
    if (breaks_wanted) print_breaks(one, limit);
}

void print_csv(const evaluate::Evaluation& evaluation) {
    const auto cell = [](double value) { return std::isnan(value) ? std::string() : fmt::format("{:.17g}", value); };
    fmt::print("protocol,target,measure,role,score,low,high,models,beyond_chance,negated,worst_score,worst,beyond_chance_reversed\n");
    for (const auto& one : evaluation.targets)
        for (const auto& score : one.scores)
            // A column's name may hold commas between brackets.
            fmt::print("{},{},\"{}\",{},{},{},{},{},{},{},{},\"{}\",{}\n", evaluation.protocol->name, one.target.name, score.measure,
                       evaluate::to_string(score.role), cell(score.score.value), cell(score.interval.low), cell(score.interval.high),
                       score.models, one.chance.permutations > 0 ? (score.beyond_chance ? "true" : "false") : "", score.negated, cell(score.detail.worst_score), score.detail.worst,
                       one.chance.permutations > 0 && evaluation.protocol->mirrored ? (score.reversed ? "true" : "false") : "");
}

/// What is judged, and what to call it.
struct Source {
    evaluate::Frame frame;
    std::string title, line;
};

// A table has its target under a name, or --gap says where.
void refuse_without_target(const evaluate::Frame& frame, std::string_view text, const std::string& path) {
    if (!evaluate::targets(frame).empty()) return;
    const std::vector<std::string> columns = evaluate::columns_of_csv(text, path);
    const bool there = frame.metric("test_accuracy") || frame.measure("test_accuracy");
    throw Error(ErrorKind::data, {path, "a column metric.test_accuracy, and metric.train_accuracy for the gap, with numbers of at least three models that are not all the same",
                                  there ? "a test accuracy of fewer models, or the same for all" : "the columns " + evaluate::some_columns(columns, "metric.accuracy"),
                                  "Rename the column that holds it, or name the target itself: --gap COLUMN"});
}

int run(const std::vector<std::string>& words) {
    std::string target;
    std::vector<std::string> measures, config;
    evaluate::EvaluationOptions options;
    std::vector<std::string> where;
    std::size_t limit = 40;
    std::uint64_t seed = 0;
    po::options_description description("Options");
    description.add_options()
        ("protocol", po::value(&options.protocol)->default_value("kendall"), ("how to judge: " + names_of(evaluate::protocols())).c_str())
        ("target", po::value(&target), "gap or test_error (default: both)")
        ("gap", po::value(&options.gap), "the column that is the target (default: train minus test accuracy)")
        ("measure", po::value(&measures)->composing(), "only measures that match this pattern (*, ?); baselines stay. In a table: which columns are measures; may be repeated")
        ("config", po::value(&config)->composing(), "in a table: which columns are hyper-parameters (default: config.*); may be repeated")
        ("where", po::value(&where)->composing(), "in a table: only rows where COLUMN is true, or COLUMN=VALUE; may be repeated")
        ("complete", po::bool_switch(), "only models with a finite value of every measure")
        ("average-repeats", po::bool_switch(), "one row a configuration: the mean of its runs")
        ("breaks", po::value(&options.breaks)->default_value(0), "list so many hyper-parameter settings for every measure between which it orders models wrongly")
        ("group", po::value(&options.group), "draw the values of this config column as a whole for the intervals, e.g. config.depth")
        ("test-examples", po::value(&options.settings.test_examples)->default_value(10000), "behind a test accuracy: the noise that sign-error leaves out")
        ("level", po::value(&options.level)->default_value(0.95, "0.95"), "of the intervals")
        ("replicates", po::value<std::size_t>(), "bootstrap resamples and permutations (default: 1000, fewer for costly protocols; 0: none)")
        ("seed", po::value(&seed)->default_value(0), "of both")
        ("threads", po::value(&options.threads)->default_value(usable_processors()), "the same numbers with any")
        ("limit", po::value(&limit)->default_value(40), "rows per table, 0: all; baselines are always there")
        ("json", po::bool_switch(), "print JSON")
        ("csv", po::bool_switch(), "print CSV");
    const auto values = parse({"assay evaluate STORE|TABLE.csv [options]",
                               "Says how well each measure orders the models of a zoo by generalisation gap and by test error, beside the "
                               "baselines that need no theory and beside luck, and where it breaks. Reads a store, or a table with one row a model.",
                               {"assay evaluate zoo.assay", "assay evaluate zoo.assay --target gap --measure 'spectral*' --group config.depth --breaks 3",
                                "assay evaluate zoo.assay --protocol psi --json > scores.json",
                                "assay evaluate table.csv --gap gap --config 'hp.*' --measure 'complexity.*' --protocol sign-error"},
                               "STORE"}, description, words);
    if (!values) return 0;
    if (!target.empty() && target != "gap" && target != "test_error")
        throw Error(ErrorKind::usage, {"--target", "gap or test_error", target});
    if (!target.empty() && !options.gap.empty()) throw Error(ErrorKind::usage, {"--gap", "no --target beside it: the column is the target", "--target " + target});
    if (!(options.level > 0 && options.level < 1)) throw Error(ErrorKind::usage, {"--level", "a number between 0 and 1", fmt::format("{}", options.level)});
    if (!(options.settings.test_examples >= 1)) throw Error(ErrorKind::usage, {"--test-examples", "at least 1", fmt::format("{}", options.settings.test_examples)});
    if (values->count("replicates") > 0) {
        options.replicates = (*values)["replicates"].as<std::size_t>();
        if (*options.replicates > 0 && *options.replicates < 10)
            throw Error(ErrorKind::usage, {"--replicates", "0 or at least 10", std::to_string(*options.replicates)});
    }
    options.seed = Seed{seed};
    options.needs_test_labels = needs_test_labels;
    options.falls = falls_with_gap;
    if (!measures.empty()) options.wanted = matching(measures);

    const std::string path = (*values)["STORE"].as<std::string>();
    Source source;
    if (is_store(path)) {
        if (!config.empty() || !where.empty())
            throw Error(ErrorKind::usage, {config.empty() ? "--where" : "--config", "a table (CSV)", path + ", a store", "assay export writes a store as a table"});
        const report::Content content = open_content(path);
        source = {report::frame_of(content.table), content.title, zoo_line(content, path)};
    } else {
        evaluate::TableColumns columns{.gap = options.gap, .shares = options.gap.empty(), .where = where};
        if (!config.empty()) columns.config = matching(config);
        columns.config_required = !config.empty();
        if (!measures.empty()) columns.measure = matching(measures);
        const std::string text = read_whole(path, "a store or a table (CSV)");
        source.frame = evaluate::frame_of_csv(text, path, columns);
        if (options.gap.empty()) refuse_without_target(source.frame, text, path);
        options.wanted = nullptr;   // the pattern has chosen the columns
        source.title = std::filesystem::path(path).filename();
        source.line = fmt::format("{} ({} models)", source.title, source.frame.size());
    }
    if ((*values)["complete"].as<bool>())
        source.frame = evaluate::complete_models(source.frame, [&](std::string_view name) { return !options.wanted || options.wanted(name); });
    if ((*values)["average-repeats"].as<bool>()) source.frame = evaluate::average_repeats(source.frame);
    evaluate::Evaluation evaluation = evaluate::evaluate(source.frame, options);
    if (!target.empty()) std::erase_if(evaluation.targets, [&](const auto& one) { return one.target.name != target; });
    if (evaluation.targets.empty()) throw Error(ErrorKind::data, {path, "what --target " + target + " needs", "no such values that differ between models"});
    if ((*values)["json"].as<bool>()) {
        Json json{{"schema_version", 1}, {"store", path}, {"title", source.title}, {"models", source.frame.size()}, {"seed", seed}};
        json.update(evaluation.to_json());
        fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
        return 0;
    }
    if ((*values)["csv"].as<bool>()) {
        print_csv(evaluation);
        return 0;
    }
    fmt::print("{}", wrapped(source.line));
    fmt::print("{}", wrapped(fmt::format("{}.{} Tried: {}{}.", evaluation.protocol->summary,
                                         evaluation.intervals.empty() ? "" : fmt::format(" Intervals: {}.", evaluation.intervals),
                                         columns_of(evaluation, evaluation.targets.front()),
                                         evaluation.targets.front().scores.size() > evaluation.measures_tried ? ", which stand last and do not count" : "")));
    for (const std::string& note : evaluation.notes) fmt::print("{}", wrapped("note: " + note));
    for (const auto& one : evaluation.targets) print_target(evaluation, one, limit == 0 ? one.scores.size() : limit, options.breaks > 0);
    return 0;
}

}  // namespace

extern const Verb evaluate{.name = "evaluate", .summary = "which measure orders the models of a zoo by gap and by test error", .run = run};

}  // namespace assay::tools::verbs
