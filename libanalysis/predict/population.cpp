#include "libanalysis/predict/population.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

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
    std::set<std::string> words;
    for (std::size_t start = 0; start < data_key.size();) {
        const std::size_t end = std::min(data_key.find(" + ", start), data_key.size());
        // The words themselves may hold " + ", an offset: a part ends where the next begins with a hash, 64 digits and a semicolon.
        std::size_t stop = end;
        while (stop < data_key.size() && data_key.find(';', stop + 3) != stop + 3 + 64) stop = std::min(data_key.find(" + ", stop + 3), data_key.size());
        const std::string part = data_key.substr(start, stop - start);
        const std::size_t first = part.find(';');
        std::size_t last = part.find(";train;");
        if (last == std::string::npos) last = part.find(";test;");
        if (first != std::string::npos && last != std::string::npos && first < last) words.insert(part.substr(first + 1, last - first - 1));
        start = std::min(stop + 3, data_key.size());
    }
    return words;
}

}  // namespace assay::predict
