#include "libanalysis/predict/folds.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>

namespace assay::predict {
namespace {

evaluate::Factor taken(const evaluate::Factor& factor, std::span<const std::size_t> rows) {
    evaluate::Factor out{factor.name, {}};
    for (const std::size_t row : rows) out.values.push_back(factor.values[row]);
    return out;
}

}  // namespace

Folds folds_by_factor(const evaluate::Frame& frame, std::span<const std::size_t> rows, std::string_view group) {
    const evaluate::Factor factor = taken(frame.factor(group), rows);
    Folds folds{"config." + factor.name, "each value of config." + factor.name + " held out in turn",
                evaluate::level_of_model(factor), evaluate::levels(factor)};
    const int none = static_cast<int>(folds.names.size());
    if (std::find(folds.fold.begin(), folds.fold.end(), -1) != folds.fold.end()) {
        std::replace(folds.fold.begin(), folds.fold.end(), -1, none);
        folds.names.emplace_back("(no value)");
    }
    if (folds.names.size() < 2)
        throw Error(ErrorKind::data, {"group " + folds.group, "at least two values", std::to_string(folds.names.size()),
                                      "Choose another --group, or --group model"});
    return folds;
}

Folds folds_by_model(std::span<const std::size_t> rows, Seed seed) {
    const std::size_t count = std::min<std::size_t>(10, rows.size());
    Folds folds{"model", "models held out in " + std::to_string(count) + " random parts", std::vector<int>(rows.size()), {}};
    const std::vector<std::int64_t> order = permutation(seed, static_cast<std::int64_t>(rows.size()));
    for (std::size_t i = 0; i < rows.size(); ++i) folds.fold[static_cast<std::size_t>(order[i])] = static_cast<int>(i % count);
    for (std::size_t k = 0; k < count; ++k) folds.names.push_back("part " + std::to_string(k + 1));
    return folds;
}

std::vector<std::string> factors_to_try(const evaluate::Frame& frame, std::span<const std::size_t> rows) {
    std::vector<std::string> names;
    for (const evaluate::Factor& whole : frame.config) {
        const evaluate::Factor factor = taken(whole, rows);
        const std::vector<int> level = evaluate::level_of_model(factor);
        const std::size_t settings = evaluate::levels(factor).size();
        if (settings < 2 || settings > 10 || std::find(level.begin(), level.end(), -1) != level.end()) continue;
        bool serves = true;
        for (std::size_t k = 0; k < settings; ++k) {
            const auto count = std::count(level.begin(), level.end(), static_cast<int>(k));
            serves = serves && count >= 3 && rows.size() - static_cast<std::size_t>(count) >= 10;
        }
        if (serves) names.push_back(factor.name);
    }
    return names;
}

}  // namespace assay::predict
