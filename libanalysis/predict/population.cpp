#include "libanalysis/predict/population.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <regex>

namespace assay::predict {
namespace {

std::string word_of(const Json& structure, const char* key) {
    return structure.is_object() && structure.contains(key) && structure[key].is_string() ? structure[key].get<std::string>() : "";
}

std::set<std::string> layers_of(const Json& structure) {
    if (!structure.is_object() || !structure.contains("layers")) return {};
    return structure["layers"].get<std::set<std::string>>();
}

}  // namespace

void Population::add(const Json& structure) {
    if (const std::string word = word_of(structure, "inputs"); !word.empty()) inputs.insert(word);
    if (const std::string word = word_of(structure, "outputs"); !word.empty()) outputs.insert(word);
    layers.merge(layers_of(structure));
}

std::vector<std::string> Population::unlike(const Json& structure) const {
    std::vector<std::string> words;
    const auto compare = [&](const char* key, const std::set<std::string>& known) {
        const std::string own = word_of(structure, key);
        if (!own.empty() && !known.empty() && !known.contains(own)) words.push_back(fmt::format("{} {}, where the fitted models have {}", key, own, fmt::join(known, " or ")));
    };
    compare("inputs", inputs);
    compare("outputs", outputs);
    std::vector<std::string> unknown;
    for (const std::string& kind : layers_of(structure))
        if (!layers.empty() && !layers.contains(kind)) unknown.push_back(kind);
    if (!unknown.empty()) words.push_back(fmt::format("layers that no fitted model has: {}", fmt::join(unknown, ", ")));
    return words;
}

std::vector<std::string> Population::other_preprocessing(const std::set<std::string>& used) const {
    std::vector<std::string> other;
    for (const std::string& one : used)
        if (!preprocessing.empty() && !preprocessing.contains(one)) other.push_back(one);
    return other;
}

Json Population::to_json() const { return {{"inputs", inputs}, {"outputs", outputs}, {"layers", layers}, {"preprocessing", preprocessing}}; }

Population Population::from_json(const Json& json) {
    Population population;
    for (const auto& [key, words] : {std::pair("inputs", &population.inputs), std::pair("outputs", &population.outputs), std::pair("layers", &population.layers),
                                     std::pair("preprocessing", &population.preprocessing)})
        *words = json.at(key).get<std::set<std::string>>();
    return population;
}

std::set<std::string> preprocessing_in(const std::string& data_key) {
    // The words themselves may hold " + ", which also stands between two parts: a part is known by the hash that it begins with.
    static const std::regex part("[0-9a-f]{64};(.*?);(?:train|test);");
    std::set<std::string> words;
    for (std::sregex_iterator match(data_key.begin(), data_key.end(), part), end; match != end; ++match) words.insert((*match)[1]);
    return words;
}

}  // namespace assay::predict
