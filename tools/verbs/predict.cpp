#include "libanalysis/measures/catalogue.hpp"
#include "libanalysis/predict/predictor.hpp"
#include "libanalysis/store/store.hpp"
#include "tools/predictor_file.hpp"
#include "tools/single_model.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

/// What a worker computed for the features: values, and the reasons of those that have none.
struct Computed {
    std::map<std::string, double, std::less<>> values;
    std::map<std::string, std::string, std::less<>> reasons;   ///< by column, and by measure name
    std::set<std::string> preprocessing;                       ///< of the inputs of values that read data, in words
};

Computed computed(const Json& result) {
    Computed out;
    for (const Json& value : result.at("values")) {
        if (!value.value("layer", "").empty()) continue;
        store::ValueKey key;
        key.measure = value.at("measure").get<std::string>();
        key.convention = value.at("convention").get<std::string>();
        key.parameters = value.at("parameters").get<std::string>();
        out.preprocessing.merge(predict::preprocessing_in(value.value("data_key", "")));
        const Json& number = value.at("value");
        if (number.is_array()) {
            for (std::size_t i = 0; i < number.size(); ++i) out.values[evaluate::element_name(store::column_of(key), i)] = number_from_json(number[i]);
        } else if (number.is_number() || number.is_string()) {
            out.values[store::column_of(key)] = number_from_json(number);
        } else if (const std::string reason = value.value("reason", ""); !reason.empty()) {
            out.reasons[store::column_of(key)] = reason;
            out.reasons.try_emplace(key.measure, reason);
        }
    }
    return out;
}

// A feature that cannot be computed is an error that names it and says why.
void require_all(const predict::Predictor& predictor, const Computed& computed, const std::string& model) {
    std::map<std::string, std::vector<std::string>> by_reason;
    for (const std::string& feature : predictor.features) {
        const auto at = computed.values.find(feature);
        if (at != computed.values.end() && std::isfinite(at->second)) continue;
        std::string why = "not computed by this version under this convention";
        if (at != computed.values.end()) why = "not a finite number";
        else if (const auto own = computed.reasons.find(feature); own != computed.reasons.end()) why = own->second;
        else if (const auto measure = computed.reasons.find(evaluate::split_column(feature).measure); measure != computed.reasons.end()) why = measure->second;
        by_reason[why].push_back(feature);
    }
    std::string absent;
    for (const auto& [why, features] : by_reason) {
        constexpr std::size_t named = 3;
        absent += (absent.empty() ? "" : "; ");
        for (std::size_t k = 0; k < std::min(named, features.size()); ++k) absent += (k == 0 ? "" : ", ") + features[k];
        if (features.size() > named) absent += fmt::format(" and {} more", features.size() - named);
        absent += " (" + why + ")";
    }
    if (!absent.empty())
        throw Error(ErrorKind::data, {model, fmt::format("a value for each of the predictor's {} features", predictor.features.size()), "none for " + absent,
                                      "Give --data, --scale and --init as the training zoo had them, or fit a predictor without these measures"});
}

// Features of answers to data compare only where the data were prepared alike.
void require_same_inputs(const predict::Predictor& predictor, const Computed& computed, const std::string& model) {
    const std::vector<std::string> other = predictor.population.other_preprocessing(computed.preprocessing);
    if (other.empty()) return;
    throw Error(ErrorKind::data, {model, fmt::format("inputs prepared as in the predictor's zoo: {}", fmt::join(predictor.population.preprocessing, " or ")),
                                  fmt::format("{}", fmt::join(other, " and ")),
                                  "Give --scale, --offset, --mean and --deviation as the zoo had them; or say --own-inputs when this network was trained on inputs prepared otherwise"});
}

Json requests_for(const predict::Predictor& predictor) {
    std::set<std::string> requests;
    for (const std::string& feature : predictor.features) requests.insert(evaluate::split_column(feature).request());
    return requests;
}

void explain(const predict::Predictor& predictor, const predict::Prediction& prediction) {
    if (prediction.contributions.empty()) {
        fmt::print("{}", wrapped(fmt::format("the method {} tells no contributions of features", predictor.learner->name)));
        return;
    }
    std::vector<std::size_t> order(predictor.features.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return std::abs(prediction.contributions[a]) > std::abs(prediction.contributions[b]); });
    Table table({{"feature", Table::Align::left}, {"contribution"}});
    double rest = 0;
    for (std::size_t k = 0; k < order.size(); ++k) {
        if (k < 12) table.add({predictor.features[order[k]], fixed(prediction.contributions[order[k]], 3)});
        else rest += prediction.contributions[order[k]];
    }
    if (order.size() > 12) table.add({fmt::format("({} others)", order.size() - 12), fixed(rest, 3)});
    fmt::print("\n{}{}", table.text(), wrapped(fmt::format("contributions on the scale of the fit ({}): together with the base, {}, they make the prediction", predictor.target->scale, fixed(prediction.base, 3))));
}

int run(const std::vector<std::string>& words) {
    ModelOptions options;
    std::string with, init;
    std::int64_t train_rows = 0;
    po::options_description description("Options");
    description.add_options()
        ("with", po::value(&with)->required()->value_name("FILE"), "the predictor file of assay fit")
        ("init", po::value(&init)->value_name("FILE"), "the initial weights, where the predictor needs them")
        ("train-rows", po::value(&train_rows)->value_name("N"), "the model was trained on the first N rows of train/ (all)");
    double fail_above = 0;
    description.add_options()
        ("fail-above", po::value(&fail_above)->value_name("E"), "exit with 1 when the prediction is above E, or, of a model unlike the fitted ones, the upper end of its widened interval, for pipelines")
        ("own-inputs", po::bool_switch(), "the inputs are prepared otherwise than in the predictor's zoo, because the network was trained so")
        ("explain", po::bool_switch(), "how much each feature carries of the prediction");
    options.add_to(description);
    const auto values = parse({"assay predict MODEL --with FILE [options]",
                               "Predicts the test error of a model (or the gap, or the test loss: what the predictor was fitted to) without looking at test data: computes the predictor's features and applies it.",
                               {"assay predict model.h5 --with predictor.json",
                                "assay predict model.h5 --with predictor.json --fail-above 0.05", "assay predict model.h5 --with predictor.json --explain",
                                "assay predict model.h5 --with predictor.json --init init.h5 --data train.h5 --scale 1/255"},
                               "MODEL"}, description, words);
    if (!values) return 0;
    const std::string model = (*values)["MODEL"].as<std::string>();
    const predict::Predictor predictor = load_predictor(with);
    for (const std::string& feature : predictor.features)
        if (const std::string measure = evaluate::split_column(feature).measure; !measures::find_measure(measure))
            throw Error(ErrorKind::format, {with, "features that this version computes (`assay measures` lists them)", feature,
                                            fmt::format("It was fitted by version {}: use that, or fit it again", predictor.tool_version)});
    const bool limited = values->contains("fail-above");
    const predict::Target& target = *predictor.target;
    if (limited && !(fail_above >= target.least && fail_above <= target.most))
        throw Error(ErrorKind::usage, {"--fail-above", fmt::format("a {} {}", target.title, target.share ? fmt::format("between {} and {}", target.least, target.most) : fmt::format("from {} on", target.least)),
                                       fmt::format("{}", fail_above)});
    Json arguments = options.arguments(model);
    arguments["init"] = init;
    arguments["train_rows"] = values->contains("train-rows") ? Json{{"take", "first"}, {"count", train_rows}} : Json();
    arguments["samples"] = 0;
    arguments["seed"] = 0;
    arguments["measures"] = requests_for(predictor);
    const Json result = options.run("measure_model", arguments);
    if (result.value("status", "") == "not_a_model") throw Error(ErrorKind::format, {model, "a checkpoint", result.value("reason", "a file that no format claims")});
    const Computed features = computed(result);
    require_all(predictor, features, model);
    if (!(*values)["own-inputs"].as<bool>()) require_same_inputs(predictor, features, model);
    const predict::Prediction prediction = predictor.predict(features.values, result["facts"].value("structure", Json()));
    const bool within = prediction.novelty > 0 ? prediction.high <= fail_above : prediction.value <= fail_above;
    const int ending = limited && !within ? static_cast<int>(ExitCode::some_failed) : 0;

    const bool seen = predictor.trained_on(result.at("content").get<std::string>());
    if ((*values)["json"].as<bool>()) {
        Json json{{"model", model}, {"predictor_saw_it", seen}, {"target", target.name}, {"predicted", prediction.value}, {"low", prediction.low},
                  {"high", prediction.high}, {"level", predictor.level}, {"features_outside_training_range", prediction.outside}, {"unlike", prediction.unlike},
                  {"preprocessing", applied_preprocessing(arguments, result)}, {"notes", result.value("notes", Json::array())}};
        for (const char* key : {"device", "device_description", "instruction_set", "device_notes", "device_choice"})
            if (result.contains(key)) json[key] = result[key];
        json["predictor"] = {{"file", with}, {"training_title", predictor.training_title}, {"training_hash", predictor.training_hash},
                             {"training_models", predictor.training_models}, {"cross_validation", predict::to_json(predictor.scores)}};
        json["novelty"] = number_to_json(prediction.novelty);
        if (!prediction.contributions.empty()) {
            json["explanation"] = {{"scale", target.scale}, {"base", prediction.base}, {"contributions", Json::object()}};
            for (std::size_t c = 0; c < predictor.features.size(); ++c) json["explanation"]["contributions"][predictor.features[c]] = prediction.contributions[c];
        }
        json["features"] = Json::object();
        for (const std::string& feature : predictor.features) json["features"][feature] = number_to_json(features.values.at(feature));
        print_json(std::move(json));
        return ending;
    }
    fmt::print("{}\n", printable(model));
    fmt::print("predicted {} {}, {:.0f} % interval {}\n\n", target.title, shown(target, prediction.value), 100 * predictor.level,
               shown_interval(target, prediction.low, prediction.high));
    const predict::HeldOutScores& scores = predictor.scores;
    fmt::print("{}", wrapped(fmt::format("predictor: {}, fitted to {} models{}; {}: mean error {}, tau {}, {} of the intervals held the truth", with,
                                         predictor.training_models, predictor.training_title.empty() ? "" : " of " + predictor.training_title, scores.words,
                                         shown(target, scores.mean_absolute_error), fixed(scores.kendall, 3), percent(scores.coverage, 1))));
    if (!options.data.empty()) {
        if (!applied_preprocessing(arguments, result)["declared"].get<bool>()) fmt::print("inputs: as stored (no --scale was declared)\n");
        fmt::print("training rows: {}\n", values->contains("train-rows") ? fmt::format("the first {}", train_rows) : "all of train/ (none were declared)");
    }
    print_device(result);
    print_notes(result);
    if (seen) fmt::print("{}", wrapped("This model is one of those that the predictor was fitted to: how well it is predicted says nothing about the predictor."));
    if (!prediction.unlike.empty())
        fmt::print("{}", wrapped(fmt::format("warning: this model is of another kind than the fitted ones: {}. The interval is widened {} times, and covers only if the predictor holds there.",
                                             fmt::join(prediction.unlike, "; "), significant(1 + prediction.novelty, 3))));
    if (!prediction.outside.empty()) {
        std::string list;
        constexpr std::size_t named = 8;
        for (std::size_t k = 0; k < std::min(named, prediction.outside.size()); ++k) list += (list.empty() ? "" : ", ") + prediction.outside[k];
        if (prediction.outside.size() > named) list += fmt::format(" and {} more (--json names all)", prediction.outside.size() - named);
        fmt::print("{}", wrapped(fmt::format("warning: this model is unlike the fitted ones: {} of {} features lie beyond what they had, the farthest by {} deviations; the "
                                             "interval is widened {} times, and covers only if the predictor holds there: {}",
                                             prediction.outside.size(), predictor.features.size(), significant(prediction.novelty, 3),
                                             significant(1 + prediction.novelty, 3), list)));
    }
    if ((*values)["explain"].as<bool>()) explain(predictor, prediction);
    if (ending != 0)
        fmt::print("{}", wrapped(prediction.value > fail_above ? fmt::format("above the limit of {}", shown(target, fail_above))
                                                               : fmt::format("not known to be below the limit of {}: of a model unlike the fitted ones the whole interval has to be", shown(target, fail_above))));
    return ending;
}

}  // namespace

extern const Verb predict{.name = "predict", .summary = "predict the test error, gap or test loss of one model", .run = run};

}  // namespace assay::tools::verbs
