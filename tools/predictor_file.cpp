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

std::string shown(const predict::Target& target, double value) {
    if (std::isnan(value)) return "";
    return target.share ? percent(value) : significant(value, 4);
}

std::string shown_interval(const predict::Target& target, double low, double high) {
    return (target.share ? fixed(100 * low, 2) : significant(low, 4)) + " .. " + shown(target, high);
}

std::string target_help() { return "what to predict: " + names_of(predict::targets()); }

}  // namespace assay::tools
