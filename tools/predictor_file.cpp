#include "tools/predictor_file.hpp"

#include "libanalysis/core/named.hpp"
#include "tools/analysis.hpp"
#include "tools/table.hpp"

#include <cmath>

namespace assay::tools {

predict::Predictor load_predictor(const std::filesystem::path& path) {
    const std::string text = read_whole(path, "a predictor file", "assay fit STORE -o FILE writes one");
    return predict::Predictor::from_json(parse_json(text, path.string()), path.string());
}

std::set<std::string> preprocessing_of(const report::Content& content, const std::vector<std::string>& features) {
    std::set<std::string> words;
    for (const std::string& feature : features)
        if (const auto keys = content.data_keys.find(evaluate::split_column(feature).measure); keys != content.data_keys.end())
            for (const std::string& key : keys->second) words.merge(predict::preprocessing_in(key));
    return words;
}

predict::Population population_of(const report::Content& content, const std::vector<std::string>& features) {
    predict::Population population;
    const std::set<std::string> fitted(content.table.models.begin(), content.table.models.end());
    for (const store::ModelRow& row : content.models)
        if (fitted.contains(row.path) && row.facts.is_object()) population.add(row.facts.value("structure", Json()));
    population.preprocessing = preprocessing_of(content, features);
    return population;
}

std::string shown(const predict::Target& target, double value) {
    if (std::isnan(value)) return "";
    return target.share ? percent(value) : significant(value, 4);
}

std::string shown_interval(const predict::Target& target, double low, double high) {
    return (target.share ? fixed(100 * low, 2) : significant(low, 4)) + " .. " + shown(target, high);
}

std::string target_help() { return "what to predict: " + names_of(predict::targets()); }

}  // namespace assay::tools
