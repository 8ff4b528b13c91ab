#include "libanalysis/core/context.hpp"
#include "libanalysis/predict/predictor.hpp"
#include "libanalysis/store/store.hpp"
#include "libanalysis/zoo/manifest.hpp"
#include "libanalysis/zoo/protocol.hpp"
#include "tools/parse.hpp"
#include "tools/predictor_file.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <cmath>
#include <set>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

/// What a worker computed for the features: values, and the reasons of those that have none.
struct Computed {
    std::map<std::string, double, std::less<>> values;
    std::map<std::string, std::string, std::less<>> reasons;   ///< by column, and by measure name
};

std::string words_of(const Json& parameters) {
    if (!parameters.is_object()) return parameters.is_string() ? parameters.get<std::string>() : "";
    std::string text;
    for (const auto& [key, value] : parameters.items())
        text += (text.empty() ? "" : ",") + key + "=" + (value.is_string() ? value.get<std::string>() : value.dump());
    return text;
}

Computed computed(const Json& result) {
    Computed out;
    for (const Json& value : result.at("values")) {
        if (!value.value("layer", "").empty()) continue;
        store::ValueKey key;
        key.measure = value.at("measure").get<std::string>();
        key.convention = value.value("convention", "");
        if (value.contains("parameters")) key.parameters = words_of(value.at("parameters"));
        const Json& number = value.contains("value") ? value.at("value") : Json();
        if (number.is_number() || number.is_string()) {
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
    std::string absent;
    std::set<std::string> said;
    for (const std::string& feature : predictor.features) {
        const auto at = computed.values.find(feature);
        if (at != computed.values.end() && std::isfinite(at->second)) continue;
        std::string why = "not computed by this version under this convention";
        if (at != computed.values.end()) why = "not a finite number";
        else if (const auto own = computed.reasons.find(feature); own != computed.reasons.end()) why = own->second;
        else if (const auto measure = computed.reasons.find(evaluate::split_column(feature).measure); measure != computed.reasons.end()) why = measure->second;
        absent += (absent.empty() ? "" : "; ") + feature + " (" + why + ")";
    }
    if (!absent.empty())
        throw Error(ErrorKind::data, {model, fmt::format("a value for each of the predictor's {} features", predictor.features.size()), "none for " + absent,
                                      "Give --data, --scale and --init as the training zoo had them, or fit a predictor without these measures"});
}

Json measured(const predict::Predictor& predictor, const Json& arguments_without_measures, const zoo::WorkerLimits& limits) {
    Json arguments = arguments_without_measures;
    std::set<std::string> requests;
    for (const std::string& feature : predictor.features) requests.insert(evaluate::split_column(feature).request());
    arguments["measures"] = requests;
    return zoo::run_in_worker("measure_model", arguments, limits);
}

int run(const std::vector<std::string>& words) {
    std::string with, init, architecture, data, scale;
    std::int64_t train_rows = 0;
    int threads = 0;
    double timeout = 0;
    po::options_description description("Options");
    description.add_options()
        ("with", po::value(&with)->required(), "the predictor file of assay fit")
        ("init", po::value(&init), "the model's initial weights, where the predictor needs them")
        ("architecture", po::value(&architecture), "the architecture of a weights-only file")
        ("data", po::value(&data), "the data set, where the predictor needs one")
        ("scale", po::value(&scale), "what inputs are multiplied with, e.g. 1/255 (default: 1, and said so)")
        ("train-rows", po::value(&train_rows), "the model was trained on the first N rows of train/ (default: all)")
        ("threads", po::value(&threads), "default: the cores this process may use")
        ("timeout", po::value(&timeout), "seconds until the work is given up")
        ("json", po::bool_switch(), "print JSON");
    const auto values = parse({"assay predict MODEL --with FILE [options]",
                               "Predicts the test error of a model without looking at test data: computes the predictor's features and applies it.",
                               {"assay predict model.h5 --with predictor.json", "assay predict model.h5 --with predictor.json --init init.weights.h5 --data train.h5 --scale 1/255"},
                               "MODEL"}, description, words);
    if (!values) return 0;
    const std::string model = (*values)["MODEL"].as<std::string>();
    const predict::Predictor predictor = load_predictor(with);
    Json arguments{{"path", model}, {"init", init}, {"architecture", architecture}, {"data", data}};
    arguments["preprocessing"] = {{"scale", scale.empty() ? 1.0 : zoo::parse_scale(scale, "--scale")}, {"offset", 0.0}, {"mean", Json::array()},
                                  {"deviation", Json::array()}, {"declared", !scale.empty()}};
    arguments["train_rows"] = values->contains("train-rows") ? Json{{"take", "first"}, {"count", train_rows}} : Json(nullptr);
    arguments.update({{"samples", 0}, {"loss", ""}, {"precision", "float32"}, {"seed", 0}});
    zoo::WorkerLimits limits;
    limits.threads = threads > 0 ? threads : usable_processors();
    limits.budget = usable_memory() / 2;
    limits.memory = usable_memory() - usable_memory() / 8;
    limits.timeout_s = timeout;
    const Computed features = computed(measured(predictor, arguments, limits));
    require_all(predictor, features, model);
    const predict::Prediction prediction = predictor.predict(features.values);

    if ((*values)["json"].as<bool>()) {
        Json json{{"schema_version", 1}, {"model", model}, {"predicted_test_error", prediction.test_error}, {"low", prediction.low},
                  {"high", prediction.high}, {"level", predictor.level}, {"features_outside_training_range", prediction.outside},
                  {"scale", arguments["preprocessing"]["scale"]}, {"scale_declared", !scale.empty()}};
        json["predictor"] = {{"file", with}, {"training_title", predictor.training_title}, {"training_hash", predictor.training_hash},
                             {"training_models", predictor.training_models}, {"cross_validation", predict::to_json(predictor.scores)}};
        json["features"] = Json::object();
        for (const std::string& feature : predictor.features) json["features"][feature] = number_to_json(features.values.at(feature));
        fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
        return 0;
    }
    fmt::print("{}\n", printable(model));
    fmt::print("predicted test error {}, {:.0f} % interval {} .. {}\n\n", percent(prediction.test_error), 100 * predictor.level,
               fixed(100 * prediction.low, 2), percent(prediction.high));
    const predict::HeldOutScores& scores = predictor.scores;
    fmt::print("{}", wrapped(fmt::format("predictor: {}, fitted to {} models{}; {}: mean error {}, tau {}, {} of the intervals held the truth", with,
                                         predictor.training_models, predictor.training_title.empty() ? "" : " of " + predictor.training_title, scores.words,
                                         percent(scores.mean_absolute_error), fixed(scores.kendall, 3), percent(scores.coverage, 1))));
    if (!data.empty()) fmt::print("inputs: x * {}\n", scale.empty() ? "1 (no scale was declared)" : scale);
    if (!prediction.outside.empty()) {
        std::string list;
        for (const std::string& feature : prediction.outside) list += (list.empty() ? "" : ", ") + feature;
        fmt::print("{}", wrapped(fmt::format("{} of {} features lie beyond what the fitted models had, so the interval may be too narrow: {}",
                                             prediction.outside.size(), predictor.features.size(), list)));
    }
    return 0;
}

}  // namespace

extern const Verb predict{.name = "predict", .summary = "predict the test error of one model", .run = run};

}  // namespace assay::tools::verbs
