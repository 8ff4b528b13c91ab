#include "libanalysis/core/context.hpp"
#include "libanalysis/core/named.hpp"
#include "libanalysis/measures/catalogue.hpp"
#include "libanalysis/predict/fit.hpp"
#include "libanalysis/store/export.hpp"
#include "tools/analysis.hpp"
#include "tools/parse.hpp"
#include "tools/predictor_file.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

/// One model in a ranking. `order` is what is sorted by, smaller is better.
struct Place {
    std::string model;
    double order = 0;
    double value = 0;
    std::optional<predict::Prediction> prediction;
    std::string fold;
    double actual = evaluate::missing;
    std::size_t rank = 0;
    bool seen = false;   ///< the predictor was fitted to this model
    std::size_t first = 0, last = 0;   ///< the ranks that the interval allows, with a prediction
};

struct Ranking {
    std::string by;       ///< words for the head line
    std::string column;   ///< heading of the value
    std::vector<Place> places;
    std::vector<std::pair<std::string, std::string>> unranked;   ///< model, why
    const predict::Target* target = nullptr;   ///< of which `actual` is the truth
    Json scores;          ///< held-out scores, or null
    std::vector<std::string> notes{};
};

// Equal values share the smallest rank and stand in the order of their names.
void put_in_order(std::vector<Place>& places) {
    std::stable_sort(places.begin(), places.end(), [](const Place& a, const Place& b) { return a.order != b.order ? a.order < b.order : a.model < b.model; });
    for (std::size_t i = 0; i < places.size(); ++i) places[i].rank = i > 0 && places[i].order == places[i - 1].order ? places[i - 1].rank : i + 1;
    // A model may stand anywhere behind those that are surely better and before those that are surely worse.
    for (Place& place : places) {
        if (!place.prediction) continue;
        place.first = 1;
        place.last = places.size();
        for (const Place& other : places) {
            place.first += other.prediction->high < place.prediction->low;
            place.last -= other.prediction->low > place.prediction->high;
        }
    }
}

Ranking by_cross_fit(const report::Content& content, const evaluate::Frame& frame, predict::FitOptions options) {
    const predict::Target& target = predict::target(options.target);
    if (!target.of(frame))
        throw Error(ErrorKind::data, {"rank", std::string(target.needs), "none",
                                      "Use --by MEASURE to order the models by one measure, or --with predictor.json to apply a predictor"});
    options.refusal = feature_refusal;
    const predict::Fit fit = predict::fit(frame, options);
    const auto& scores = fit.predictor.scores;
    Ranking ranking;
    ranking.by = fmt::format("predicted {}; each model by a fit that did not see its group ({}). Held out: mean error {}, tau {}, {} of "
                             "the {:.0f} % intervals hold the truth", target.title, scores.words, shown(target, scores.mean_absolute_error), fixed(scores.kendall, 3),
                             percent(scores.coverage, 1), 100 * fit.predictor.level);
    ranking.target = &target;
    ranking.scores = predict::to_json(scores);
    for (const auto& one : fit.held_out)
        ranking.places.push_back({content.table.models[one.row], one.prediction.value, one.prediction.value, one.prediction,
                                  scores.group == "model" ? one.fold : scores.group + "=" + one.fold, one.truth});
    std::vector<bool> ranked(frame.size());
    for (const auto& one : fit.held_out) ranked[one.row] = true;
    for (std::size_t i = 0; i < frame.size(); ++i)
        if (!ranked[i]) ranking.unranked.emplace_back(frame.models[i], fmt::format("no {} to compare with; use --with", target.title));
    return ranking;
}

Ranking by_predictor(const report::Content& content, const evaluate::Frame& frame, const std::string& file) {
    const predict::Predictor predictor = load_predictor(file);
    Ranking ranking;
    ranking.target = predictor.target;
    ranking.by = fmt::format("{} predicted by {} (fitted to {}, {} models)", predictor.target->title, file, predictor.training_title, predictor.training_models);
    const auto truth = predictor.target->of(frame);
    const std::vector<std::string> contents = report::contents_of(content);
    for (const std::string& other : predictor.population.other_preprocessing(preprocessing_of(content, predictor.features)))
        ranking.notes.push_back(fmt::format("the inputs went through {} here, and through {} in the predictor's zoo: where that is not what each network was trained on, "
                                            "features that read data do not compare", other, fmt::join(predictor.population.preprocessing, " or ")));
    std::map<std::string, const Json*> structures;
    for (const store::ModelRow& row : content.models)
        if (row.facts.is_object() && row.facts.contains("structure")) structures[row.path] = &row.facts["structure"];
    const std::vector<std::vector<double>> rows = evaluate::computed_rows(frame, predictor.features);
    for (std::size_t i = 0; i < frame.size(); ++i) {
        try {
            const auto structure = structures.find(frame.models[i]);
            const predict::Prediction prediction = predictor.predict(rows[i], structure == structures.end() ? Json() : *structure->second);
            ranking.places.push_back({frame.models[i], prediction.value, prediction.value, prediction, "", truth ? truth->values[i] : evaluate::missing, 0,
                                      predictor.trained_on(contents[i])});
        } catch (const Error& error) {
            if (error.kind() != ErrorKind::data) throw;
            ranking.unranked.emplace_back(frame.models[i], error.parts().found);
        }
    }
    if (ranking.places.empty())
        throw Error(ErrorKind::data, {file, "a store with the predictor's features", ranking.unranked.front().second,
                                      "Run assay zoo run with these measures"});
    return ranking;
}

// Smaller is better unless the measure's direction or its name says otherwise.
bool larger_is_better(const std::string& column) {
    const std::string name = evaluate::split_column(column.starts_with("metric.") ? column.substr(7) : column).measure;
    if (name.find("accuracy") != std::string::npos) return true;
    const measures::Measure* known = measures::find_measure(name);
    return known && known->direction == measures::Direction::smaller_gap;
}

Ranking by_measure(const evaluate::Frame& frame, const predict::Target& target, std::string name, bool reverse) {
    if (name.starts_with("measure.")) name = name.substr(8);
    const evaluate::Column* column = name.starts_with("metric.") ? frame.metric(name) : frame.measure(name);
    if (!column) {
        std::string known;
        for (const auto& one : frame.measures)
            if (one.name.find(evaluate::split_column(name).measure) != std::string::npos) known += (known.empty() ? "" : ", ") + one.name;
        throw Error(ErrorKind::usage, {"--by", known.empty() ? "a measure of the store, or metric.<name>" : "one of " + known, name,
                                       "assay export STORE lists all columns"});
    }
    const bool descending = larger_is_better(column->name) != reverse;
    Ranking ranking;
    ranking.by = fmt::format("{}, {} first", name.starts_with("metric.") ? name : column->name, descending ? "largest" : "smallest");
    ranking.column = name.starts_with("metric.") ? name : column->name;
    ranking.target = &target;
    const auto truth = target.of(frame);
    for (std::size_t i = 0; i < frame.size(); ++i) {
        const double value = column->values[i];
        if (std::isnan(value)) ranking.unranked.emplace_back(frame.models[i], "no value");
        else ranking.places.push_back({frame.models[i], descending ? -value : value, value, std::nullopt, "", truth ? truth->values[i] : evaluate::missing});
    }
    return ranking;
}

Json to_json(const Ranking& ranking) {
    Json json{{"schema_version", 1}, {"by", ranking.by}, {"target", ranking.target->name}, {"ties", "equal values share the smallest rank and stand in the order of their names"}, {"held_out_scores", ranking.scores}};
    json["notes"] = ranking.notes;
    json["models"] = Json::array();
    for (const Place& place : ranking.places) {
        Json row{{"rank", place.rank}, {"model", place.model}};
        if (place.prediction) {
            row["predicted"] = place.prediction->value;
            row["low"] = place.prediction->low;
            row["high"] = place.prediction->high;
            row["rank_low"] = place.first;
            row["rank_high"] = place.last;
            row["features_outside_training_range"] = place.prediction->outside;
            row["unlike"] = place.prediction->unlike;
            if (!place.fold.empty()) row["held_out_with"] = place.fold;
            row["predictor_saw_it"] = place.seen;
        } else {
            row["value"] = number_to_json(place.value);
        }
        row["truth"] = std::isnan(place.actual) ? Json(nullptr) : Json(place.actual);
        json["models"].push_back(std::move(row));
    }
    json["unranked"] = Json::array();
    for (const auto& [model, reason] : ranking.unranked) json["unranked"].push_back({{"model", model}, {"reason", reason}});
    return json;
}

void print(const Ranking& ranking, std::size_t limit) {
    const bool predicted = !ranking.places.empty() && ranking.places.front().prediction;
    fmt::print("{}\n", wrapped("by " + ranking.by + ". Equal values share a rank and stand in the order of their names." +
                               (predicted ? " Ranks: those that the intervals allow." : "")));
    const bool held_out = predicted && !ranking.places.front().fold.empty();
    const bool truth = std::any_of(ranking.places.begin(), ranking.places.end(), [](const Place& place) { return !std::isnan(place.actual); });
    std::vector<Table::Column> columns{{"rank"}, {"model", Table::Align::left}};
    if (predicted) columns.insert(columns.end(), {{"predicted"}, {"interval"}, {"ranks"}});
    else columns.push_back({ranking.column});
    const predict::Target& target = *ranking.target;
    if (truth) columns.push_back({std::string(target.title)});
    if (held_out) columns.push_back({"held out with", Table::Align::left});
    Table table(columns);
    for (std::size_t i = 0; i < std::min(limit, ranking.places.size()); ++i) {
        const Place& place = ranking.places[i];
        std::vector<std::string> cells{std::to_string(place.rank), place.model};
        if (predicted) {
            cells.push_back(shown(target, place.prediction->value));
            cells.push_back(shown_interval(target, place.prediction->low, place.prediction->high));
            cells.push_back(fmt::format("{} .. {}", place.first, place.last));
        } else {
            cells.push_back(significant(place.value, 6));
        }
        if (truth) cells.push_back(shown(target, place.actual));
        if (held_out) cells.push_back(place.fold);
        table.add(std::move(cells));
    }
    fmt::print("{}", table.text());
    if (ranking.places.size() > limit) fmt::print("({} more: --limit 0 shows all)\n", ranking.places.size() - limit);
    const auto seen = std::count_if(ranking.places.begin(), ranking.places.end(), [](const Place& place) { return place.seen; });
    if (seen > 0)
        fmt::print("{}", wrapped(fmt::format("The predictor was fitted to {} of these {} models: their errors beside the predictions say nothing about its "
                                             "skill. Without --with each model is predicted by a fit that did not see it.", seen, ranking.places.size())));
    const auto outside = std::count_if(ranking.places.begin(), ranking.places.end(), [](const Place& place) { return place.prediction && !place.prediction->outside.empty(); });
    if (outside > 0)
        fmt::print("{}", wrapped(fmt::format("{} models have features beyond what the fitted models had: their intervals may be too narrow.", outside)));
    const auto unlike = std::count_if(ranking.places.begin(), ranking.places.end(), [](const Place& place) { return place.prediction && !place.prediction->unlike.empty(); });
    if (unlike > 0)
        fmt::print("{}", wrapped(fmt::format("{} models are of another kind than the fitted ones (--json says in what): their intervals are widened at least twice.", unlike)));
    for (const std::string& note : ranking.notes) fmt::print("{}", wrapped("note: " + note));
    if (!ranking.unranked.empty()) {
        fmt::print("\nnot ranked:\n");
        Table rest({{"model", Table::Align::left}, {"reason", Table::Align::left}});
        for (std::size_t i = 0; i < std::min<std::size_t>(limit, ranking.unranked.size()); ++i) rest.add({ranking.unranked[i].first, ranking.unranked[i].second});
        fmt::print("{}", rest.text());
        if (ranking.unranked.size() > limit) fmt::print("({} more)\n", ranking.unranked.size() - limit);
    }
}

void print_csv(const Ranking& ranking) {
    fmt::print("rank,model,value,low,high,rank_low,rank_high,{},held_out_with,predictor_saw_it\n", ranking.target->name);
    const auto cell = [](double value) { return std::isnan(value) ? std::string() : store::csv_cell(value); };
    for (const Place& place : ranking.places)
        fmt::print("{},{},{},{},{},{},{},{},{},{}\n", place.rank, store::csv_cell(place.model), cell(place.value),
                   place.prediction ? cell(place.prediction->low) : "", place.prediction ? cell(place.prediction->high) : "",
                   place.prediction ? std::to_string(place.first) : "", place.prediction ? std::to_string(place.last) : "",
                   cell(place.actual), place.fold.empty() ? "" : store::csv_cell(place.fold),
                   place.prediction && place.fold.empty() ? (place.seen ? "true" : "false") : "");
}

int run(const std::vector<std::string>& words) {
    std::string with, by;
    predict::FitOptions fitting;
    std::vector<std::string> patterns;
    std::size_t limit = 0;
    std::uint64_t seed = 0;
    po::options_description description("Options");
    description.add_options()
        ("with", po::value(&with), "a predictor file of assay fit")
        ("by", po::value(&by), "order by one measure, or by metric.<name>")
        ("reverse", po::bool_switch(), "with --by: the other way round")
        ("target", po::value(&fitting.target)->default_value("test_error"), (target_help() + "; with --with the predictor says it").c_str())
        ("method", po::value(&fitting.method)->default_value("ridge"), ("with neither: how to fit: " + names_of(predict::learners())).c_str())
        ("measure", po::value(&patterns)->composing(), "with neither: only measures that match this pattern are features; may be repeated")
        ("group", po::value(&fitting.group), "with neither: the config column whose values are held out in turn (default: the one with most values, of several the hardest)")
        ("seed", po::value(&seed)->default_value(0), "of random folds")
        ("limit", po::value(&limit)->default_value(0), "print only the first rows, 0: all")
        ("json", po::bool_switch(), "print JSON")
        ("csv", po::bool_switch(), "print CSV");
    const auto values = parse({"assay rank STORE [--with FILE | --by MEASURE] [options]",
                               "Orders the models of a zoo, best first: by predicted test error (or gap, or test loss) with intervals, or by one measure. Without --with and --by "
                               "each model is predicted by a fit that did not see its group.",
                               {"assay rank zoo.assay", "assay rank zoo.assay --with predictor.json --limit 20", "assay rank zoo.assay --by path_norm.exact"},
                               "STORE"}, description, words);
    if (!values) return 0;
    if (!with.empty() && !by.empty()) throw Error(ErrorKind::usage, {"assay rank", "--with or --by", "both"});
    if (!with.empty() || !by.empty())
        for (const char* option : {"method", "measure", "group", "seed"})
            if (values->contains(option) && !(*values)[option].defaulted())
                throw Error(ErrorKind::usage, {std::string("--") + option, "neither --with nor --by beside it, which fit nothing", with.empty() ? "--by" : "--with"});
    if (!with.empty() && !(*values)["target"].defaulted()) throw Error(ErrorKind::usage, {"--target", "no --with beside it: the predictor says what it predicts", "both"});
    fitting.seed = Seed{seed};
    fitting.threads = usable_processors();
    if (!patterns.empty()) fitting.wanted = matching(patterns);
    const std::string path = (*values)["STORE"].as<std::string>();
    const report::Content content = open_content(path);
    const evaluate::Frame frame = report::frame_of(content.table);
    Ranking ranking = !with.empty() ? by_predictor(content, frame, with)
                      : !by.empty() ? by_measure(frame, predict::target(fitting.target), by, (*values)["reverse"].as<bool>())
                                    : by_cross_fit(content, frame, fitting);
    put_in_order(ranking.places);
    if ((*values)["json"].as<bool>()) {
        fmt::print("{}\n", to_json(ranking).dump(2, ' ', false, Json::error_handler_t::replace));
    } else if ((*values)["csv"].as<bool>()) {
        print_csv(ranking);
    } else {
        fmt::print("{}", wrapped(zoo_line(content, path)));
        print(ranking, limit == 0 ? std::max(ranking.places.size(), ranking.unranked.size()) : limit);
    }
    return 0;
}

}  // namespace

extern const Verb rank{.name = "rank", .summary = "order the models of a zoo by predicted test error, or by a measure", .run = run};

}  // namespace assay::tools::verbs
