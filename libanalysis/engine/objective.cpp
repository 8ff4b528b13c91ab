#include "libanalysis/engine/objective.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace assay::engine {

bool Objective::regularised() const {
    return std::any_of(l2.begin(), l2.end(), [](double value) { return value != 0; });
}

Objective objective_of(const model::Model& model, std::string_view declared_loss, double l2) {
    Objective objective{.loss = &choose_loss(model, declared_loss)};
    if (l2 >= 0) {
        if (l2 == 0) return objective;
        for (const model::Parameter& parameter : model.parameters) objective.l2.push_back(parameter.trainable ? l2 : 0.0);
        return objective;
    }
    for (const model::Regulariser& term : model.facts.regularisers) {
        objective.l1 |= term.l1 != 0;
        if (term.l2 == 0 || !model.parameters.at(term.parameter).trainable) continue;
        objective.l2.resize(model.parameters.size(), 0.0);
        objective.l2[term.parameter] += term.l2;
    }
    return objective;
}

std::string describe(const Objective& objective, const model::Model& model, std::int64_t rows) {
    std::string text = fmt::format("{}, mean over {} rows", objective.loss->name, rows);
    if (objective.regularised()) {
        double least = std::numeric_limits<double>::infinity(), most = 0;
        for (const double value : objective.l2)
            if (value != 0) least = std::min(least, value), most = std::max(most, value);
        text += least == most ? fmt::format(", l2 {:g}", most) : fmt::format(", l2 {:g} to {:g}", least, most);
        text += fmt::format(" on {} of {} parameters", std::count_if(objective.l2.begin(), objective.l2.end(), [](double x) { return x != 0; }),
                            std::count_if(model.parameters.begin(), model.parameters.end(), [](const auto& p) { return p.trainable; }));
    } else {
        text += ", no regulariser";
    }
    if (objective.l1) text += ", without its L1 term (it has no second derivative)";
    if (std::any_of(model.parameters.begin(), model.parameters.end(), [](const auto& p) { return p.role == model::Role::moving_variance; }))
        text += ", BatchNormalization inference";
    return text;
}

}  // namespace assay::engine
