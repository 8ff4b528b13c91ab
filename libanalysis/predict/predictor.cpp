#include "libanalysis/predict/predictor.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/named.hpp"
#include "libanalysis/evaluate/frame.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

namespace assay::predict {
namespace {

double finite_number(const Json& json, const char* key) {
    const double value = number_from_json(json.at(key));
    if (!std::isfinite(value)) throw Error(ErrorKind::format, {key, "a finite number", fmt::format("{}", value)});
    return value;
}

double number_or_nan(const Json& json, const char* key) { return json.at(key).is_null() ? evaluate::missing : number_from_json(json.at(key)); }
Json number_or_null(double value) { return std::isnan(value) ? Json(nullptr) : number_to_json(value); }

HeldOutScores scores_from(const Json& json) {
    HeldOutScores scores;
    scores.group = json.at("group");
    scores.words = json.at("held_out");
    scores.r2 = number_or_nan(json, "r2");
    scores.mean_absolute_error = number_or_nan(json, "mean_absolute_error");
    scores.mean_absolute_error_of_mean = number_or_nan(json, "mean_absolute_error_of_mean");
    scores.kendall = number_or_nan(json, "kendall");
    scores.kendall_interval = {number_or_nan(json, "kendall_low"), number_or_nan(json, "kendall_high"), 0};
    scores.coverage = number_or_nan(json, "coverage");
    for (const Json& fold : json.at("folds"))
        scores.folds.push_back({fold.at("value"), fold.at("models"), fold.at("setting").get<std::string>(),
                                number_or_nan(fold, "mean_absolute_error")});
    return scores;
}

}  // namespace

Prediction interval_on(const Target& target, double middle, double half_width) {
    const double one = target.from_scale(middle - half_width), other = target.from_scale(middle + half_width);
    return {.value = target.from_scale(middle), .low = std::min(one, other), .high = std::max(one, other)};
}

Prediction Predictor::predict(const std::map<std::string, double, std::less<>>& values, const Json& structure) const {
    std::vector<double> row;
    for (const std::string& feature : features) {
        const auto at = values.find(feature);
        row.push_back(at == values.end() ? evaluate::missing : at->second);
    }
    return predict(row, structure);
}

Prediction Predictor::predict(std::span<const double> row, const Json& structure) const {
    std::string absent;
    Prediction result;
    for (std::size_t c = 0; c < features.size(); ++c) {
        if (!std::isfinite(row[c])) {
            absent += (absent.empty() ? "" : ", ") + features[c];
            continue;
        }
        if (!ranges[c].outside(row[c])) continue;
        result.outside.push_back(features[c]);
        result.novelty = std::max(result.novelty, ranges[c].beyond(row[c]));
    }
    if (!absent.empty()) throw Error(ErrorKind::data, {"features", "a value for each feature of the predictor", "none for " + absent});
    result.unlike = population.unlike(structure);
    if (!result.unlike.empty()) result.novelty = std::max(result.novelty, 1.0);
    const double middle = model->predict(row), width = half_width * (1 + result.novelty);
    const Prediction interval = interval_on(*target, middle, width);
    result.value = interval.value;
    result.low = interval.low;
    result.high = interval.high;
    result.base = model->base();
    result.contributions = model->contributions(row);
    return result;
}

bool Predictor::trained_on(std::string_view content) const {
    return std::binary_search(training_contents.begin(), training_contents.end(), content, std::less<>{});
}

Json to_json(const HeldOutScores& scores) {
    Json json{{"group", scores.group}, {"held_out", scores.words}, {"r2", number_or_null(scores.r2)},
              {"mean_absolute_error", number_or_null(scores.mean_absolute_error)},
              {"mean_absolute_error_of_mean", number_or_null(scores.mean_absolute_error_of_mean)},
              {"kendall", number_or_null(scores.kendall)}, {"kendall_low", number_or_null(scores.kendall_interval.low)},
              {"kendall_high", number_or_null(scores.kendall_interval.high)}, {"coverage", number_or_null(scores.coverage)}};
    json["folds"] = Json::array();
    for (const FoldScore& fold : scores.folds)
        json["folds"].push_back({{"value", fold.held_out}, {"models", fold.models}, {"setting", fold.setting},
                                 {"mean_absolute_error", number_or_null(fold.mean_absolute_error)}});
    return json;
}

Json Predictor::to_json() const {
    Json json{{"schema_version", schema_version}, {"kind", "assay predictor"}, {"tool_version", tool_version}, {"method", learner->name}, {"setting", setting}};
    json["target"] = {{"name", target->name}, {"source", target_source}, {"scale", target->scale}};
    json["features"] = Json::array();
    for (std::size_t c = 0; c < features.size(); ++c) {
        const evaluate::ColumnParts parts = evaluate::split_column(features[c]);
        Json feature{{"column", features[c]}, {"measure", parts.measure}, {"parameters", parts.parameters}, {"convention", parts.convention},
                     {"range", predict::to_json(ranges[c])}};
        if (!importance.empty()) feature["importance"] = number_to_json(importance[c]);
        json["features"].push_back(std::move(feature));
    }
    json["model"] = model->to_json();
    json["interval"] = {{"level", level}, {"half_width", number_to_json(half_width)}, {"scale", target->scale},
                        {"method", "quantile of absolute residuals of held-out predictions"},
                        {"outside", "times 1 + the farthest distance of a feature beyond the training range, in deviations; at least twice for a model unlike all training models"}};
    json["cross_validation"] = predict::to_json(scores);
    json["training"] = {{"title", training_title}, {"hash", training_hash}, {"models", training_models}, {"contents", training_contents}, {"population", population.to_json()}};
    return json;
}

Predictor Predictor::from_json(const Json& json, std::string_view where) {
    const std::string file(where);
    try {
        if (!json.is_object() || json.value("kind", "") != "assay predictor")
            throw Error(ErrorKind::format, {file, "a predictor file, as assay fit writes it", "other JSON"});
        if (json.at("schema_version") != schema_version)
            throw Error(ErrorKind::format, {file, fmt::format("schema_version {}", schema_version), json.at("schema_version").dump(),
                                            "Fit the predictor again with this version"});
        Predictor predictor;
        predictor.tool_version = json.at("tool_version");
        predictor.target_source = json.at("target").at("source");
        const std::string name = json.at("target").at("name").get<std::string>();
        predictor.target = find_named(targets(), name);
        if (!predictor.target) throw Error(ErrorKind::format, {file, "one of the targets " + names_of(targets()), name});
        if (json.at("target").at("scale").get<std::string>() != predictor.target->scale)
            throw Error(ErrorKind::format, {file, "the scale of this version: " + std::string(predictor.target->scale), json.at("target").at("scale").dump()});
        const std::string method = json.at("method").get<std::string>();
        predictor.learner = find_named(learners(), method);
        if (!predictor.learner) throw Error(ErrorKind::format, {file, "a method of this version", method});
        predictor.setting = json.at("setting").get<std::string>();
        for (const Json& feature : json.at("features")) {
            predictor.features.push_back(feature.at("column"));
            const evaluate::ColumnParts parts = evaluate::split_column(predictor.features.back());
            for (const auto& [field, part] : {std::pair("measure", parts.measure), std::pair("parameters", parts.parameters), std::pair("convention", parts.convention)})
                if (feature.at(field).get<std::string>() != part)
                    throw Error(ErrorKind::format, {predictor.features.back(), fmt::format("{} \"{}\", as the column says", field, part), feature.at(field).dump()});
            predictor.ranges.push_back(scaling_from(feature.at("range")));
            if (feature.contains("importance")) predictor.importance.push_back(finite_number(feature, "importance"));
        }
        predictor.model = predictor.learner->load(json.at("model"), predictor.features.size());
        predictor.level = finite_number(json.at("interval"), "level");
        predictor.half_width = number_from_json(json.at("interval").at("half_width"));
        if (!(predictor.level > 0 && predictor.level < 1)) throw Error(ErrorKind::format, {file, "a level between 0 and 1", fmt::format("{}", predictor.level)});
        if (!(predictor.half_width >= 0)) throw Error(ErrorKind::format, {file, "a half width from 0 on", fmt::format("{}", predictor.half_width)});
        predictor.scores = scores_from(json.at("cross_validation"));
        predictor.training_title = json.at("training").at("title");
        predictor.training_hash = json.at("training").at("hash");
        predictor.training_models = json.at("training").at("models");
        predictor.training_contents = json.at("training").at("contents").get<std::vector<std::string>>();
        std::sort(predictor.training_contents.begin(), predictor.training_contents.end());
        predictor.population = Population::from_json(json.at("training").at("population"));
        return predictor;
    } catch (const nlohmann::json::exception& error) {
        // The library's sentence begins with its own name and number: "[json.exception.out_of_range.403] key 'interval' not found".
        const std::string_view said = error.what();
        const std::size_t end = said.find("] ");
        throw Error(ErrorKind::format, {file, "a predictor file, as assay fit writes it", "one that is damaged: " + std::string(end == said.npos ? said : said.substr(end + 2)),
                                        "Fit the predictor again"});
    } catch (const Error& error) {
        if (error.parts().where == file) throw;
        Error::Parts parts = error.parts();
        parts.where = file + ": " + parts.where;
        throw Error(error.kind(), parts);
    }
}

}  // namespace assay::predict
