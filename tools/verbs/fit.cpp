#include "libanalysis/core/context.hpp"
#include "libanalysis/core/named.hpp"
#include "libanalysis/predict/fit.hpp"
#include "tools/analysis.hpp"
#include "tools/output_file.hpp"
#include "tools/parse.hpp"
#include "tools/predictor_file.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <set>
#include <sstream>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

void print_fit(const predict::Fit& fit, const std::string& output) {
    const predict::HeldOutScores& scores = fit.predictor.scores;
    const predict::Target& target = *fit.predictor.target;
    fmt::print("\ntarget: {}, {} ({} models{})\n", target.title, fit.predictor.target_source, fit.predictor.training_models,
               fit.without_target > 0 ? fmt::format("; {} without it are left out", fit.without_target) : "");
    fmt::print("features: {} measures\n", fit.predictor.features.size());
    std::map<std::string, std::vector<std::string>> reasons;
    for (const auto& dropped : fit.selection.dropped) reasons[dropped.reason].push_back(dropped.column);
    for (const auto& [reason, columns] : reasons) {
        std::string list;
        for (const std::string& column : columns)
            if (list.size() < 300) list += (list.empty() ? "" : ", ") + column;
            else if (!list.ends_with("...")) list += fmt::format(" and others, {} in all ...", columns.size());
        fmt::print("{}", wrapped(fmt::format("left out, {}: {}", reason, list), "  "));
    }
    fmt::print("{}", wrapped("scored only on models held out: " + scores.words +
                             (fit.tried.empty() ? "" : " (of the config columns with most values the one with the largest error; --group chooses)")));
    fmt::print("\n");
    Table table({{scores.group == "model" ? "held out" : scores.group, Table::Align::left}, {"models"}, {"mean error"}, {"chosen by the others", Table::Align::left}});
    for (const auto& fold : scores.folds)
        table.add({fold.held_out, std::to_string(fold.models), shown(target, fold.mean_absolute_error), fold.setting});
    fmt::print("{}\n", table.text());
    Table summary({{"held-out score", Table::Align::left}, {"value"}, {"", Table::Align::left}});
    summary.add({"mean absolute error", shown(target, scores.mean_absolute_error), "predicting the mean: " + shown(target, scores.mean_absolute_error_of_mean)});
    summary.add({"R2", fixed(scores.r2, 3)});
    summary.add({"Kendall tau", fixed(scores.kendall, 3), "95 % interval " + interval(scores.kendall_interval.low, scores.kendall_interval.high, 3)});
    summary.add({fmt::format("coverage of {:.0f} % intervals", 100 * fit.predictor.level), percent(scores.coverage, 1)});
    fmt::print("{}", summary.text());
    if (fit.tried.size() > 1) {
        std::string list;
        for (const auto& tried : fit.tried) list += fmt::format("{}{} {}", list.empty() ? "" : ", ", tried.group, shown(target, tried.mean_absolute_error));
        fmt::print("{}", wrapped("mean absolute error by what is held out: " + list));
    }
    if (!fit.predictor.importance.empty()) {
        std::vector<std::size_t> order(fit.predictor.features.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return fit.predictor.importance[a] > fit.predictor.importance[b]; });
        Table importance({{"feature", Table::Align::left}, {"importance"}});
        for (std::size_t k = 0; k < std::min<std::size_t>(order.size(), 8); ++k)
            importance.add({fit.predictor.features[order[k]], significant(fit.predictor.importance[order[k]], 3)});
        fmt::print("\n{}{}", importance.text(), wrapped(fmt::format("importance: mean absolute contribution on the scale of the fit ({}), over held-out predictions", target.scale)));
    }
    fmt::print("\nwritten: {}\n", printable(output));
}

std::set<std::string> names_in(const std::string& text, const std::string& file) {
    std::set<std::string> names;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (line.ends_with('\r')) line.pop_back();
        if (!line.empty()) names.insert(line);
    }
    if (names.empty()) throw Error(ErrorKind::data, {file, "names of models, one a line", "none"});
    return names;
}

int run(const std::vector<std::string>& words) {
    std::string output;
    predict::FitOptions options;
    std::uint64_t seed = 0;
    std::vector<std::string> patterns;
    std::string only;
    po::options_description description("Options");
    description.add_options()
        ("output,o", po::value(&output)->required(), "the predictor file (JSON)")
        ("target", po::value(&options.target)->default_value("test_error"), target_help().c_str())
        ("method", po::value(&options.method)->default_value("ridge"), ("how to fit: " + names_of(predict::learners())).c_str())
        ("measure", po::value(&patterns)->composing(), "only measures that match this pattern are features; may be repeated")
        ("only", po::value(&only)->value_name("FILE"), "fit to the models named in this file alone, one a line: the others are left for a test")
        ("group", po::value(&options.group), "config column whose values are held out in turn, e.g. config.depth; \"model\": random parts (default: "
                                             "the column with most values, of several the hardest)")
        ("level", po::value(&options.level)->default_value(0.9, "0.9"), "of the prediction intervals")
        ("replicates", po::value(&options.replicates)->default_value(1000), "bootstrap resamples of Kendall's tau")
        ("seed", po::value(&seed)->default_value(0), "of every random choice")
        ("json", po::bool_switch(), "print the predictor and its scores as JSON");
    const auto values = parse({"assay fit STORE -o FILE [options]",
                               "Fits a predictor of test error, of the gap or of test loss to the measures of a zoo, tuned by nested cross-validation. A test error is "
                               "learned as the logit of test accuracy, a loss as its logarithm. What needs labelled test data, or was logged, is never a feature. Scores come from models that the scored fit "
                               "did not see.",
                               {"assay fit zoo.assay -o predictor.json", "assay fit zoo.assay -o predictor.json --method boosted --group config.depth",
                                "assay fit zoo.assay -o gap.json --target gap"},
                               "STORE"}, description, words);
    if (!values) return 0;
    if (!(options.level > 0 && options.level < 1)) throw Error(ErrorKind::usage, {"--level", "a number between 0 and 1", fmt::format("{}", options.level)});
    const std::string path = (*values)["STORE"].as<std::string>();
    check_is_no_input("--output", output, std::array{path, only});
    report::Content content = open_content(path);
    if (!only.empty()) report::keep_models(content, names_in(read_whole(only, "a list of models, one a line"), only), only);
    options.seed = Seed{seed};
    options.threads = usable_processors();
    options.refusal = feature_refusal;
    if (!patterns.empty()) options.wanted = matching(patterns);
    options.training_title = content.title;
    options.training_hash = report::zoo_hash(content.models);
    options.contents = report::contents_of(content);
    options.tool_version = tool_version();
    predict::Fit fit = predict::fit(report::frame_of(content.table), options);
    fit.predictor.population = population_of(content, fit.predictor.features);
    const Json json = fit.predictor.to_json();
    write_whole(output, json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n");
    if ((*values)["json"].as<bool>()) {
        Json all = json;
        all["left_out"] = Json::array();
        for (const auto& dropped : fit.selection.dropped) all["left_out"].push_back({{"column", dropped.column}, {"reason", dropped.reason}});
        all["groups_tried"] = Json::array();
        for (const auto& tried : fit.tried) all["groups_tried"].push_back({{"group", tried.group}, {"values", tried.settings}, {"mean_absolute_error", tried.mean_absolute_error}});
        fmt::print("{}\n", all.dump(2, ' ', false, Json::error_handler_t::replace));
        return 0;
    }
    fmt::print("{}", wrapped(zoo_line(content, path)));
    print_fit(fit, output);
    return 0;
}

}  // namespace

extern const Verb fit{.name = "fit", .summary = "fit a predictor of test error to a zoo, scored on held-out groups", .run = run};

}  // namespace assay::tools::verbs
