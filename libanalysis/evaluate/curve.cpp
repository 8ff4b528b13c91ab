#include "libanalysis/evaluate/curve.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/named.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::evaluate {

namespace curve_constants {
#define CURVE(id) extern const Curve id;
#include "libanalysis/evaluate/curves.def"
#undef CURVE
}  // namespace curve_constants

std::span<const Curve* const> curves() {
#define CURVE(id) &curve_constants::id,
    static constexpr const Curve* all[] = {
#include "libanalysis/evaluate/curves.def"
    };
#undef CURVE
    return all;
}

const Curve& curve(std::string_view name) { return named(curves(), "curve", name); }

std::size_t CurveProblem::rows() const { return columns.empty() ? 0 : columns.begin()->second.size(); }

std::vector<std::size_t> CurveProblem::complete(std::initializer_list<std::string_view> inputs) const {
    std::vector<std::size_t> complete;
    for (std::size_t row = 0; row < rows(); ++row)
        if (std::all_of(inputs.begin(), inputs.end(), [&](std::string_view input) { return std::isfinite(column(input)[row]); })) complete.push_back(row);
    return complete;
}

CurveFit fit_curve(const Curve& curve, CurveProblem problem) {
    const std::vector<CurveInput> inputs = curve.inputs();
    const std::vector<CurveSetting> settings = curve.settings();
    const std::string where(curve.name);
    std::string known;
    for (const CurveInput& input : inputs) {
        known += (known.empty() ? "" : ", ") + std::string(input.name);
        if (input.required && !problem.has(input.name))
            throw Error(ErrorKind::usage, {where, fmt::format("a column for {}: {}", input.name, input.doc), "none", fmt::format("--column {}=NAME", input.name)});
    }
    for (const auto& [name, values] : problem.columns)
        if (std::none_of(inputs.begin(), inputs.end(), [&](const CurveInput& input) { return input.name == name; }))
            throw Error(ErrorKind::usage, {where, "one of " + known, name});
    std::string known_settings;
    for (const CurveSetting& setting : settings) known_settings += (known_settings.empty() ? "" : ", ") + std::string(setting.name);
    for (const auto& [name, value] : problem.settings)
        if (std::none_of(settings.begin(), settings.end(), [&](const CurveSetting& setting) { return setting.name == name; }))
            throw Error(ErrorKind::usage, {where, known_settings.empty() ? "no setting" : "a setting of " + known_settings, name});
    for (const CurveSetting& setting : settings) problem.settings.try_emplace(std::string(setting.name), setting.value);
    return curve.fit(problem);
}

std::vector<Interval> resampled(const CurveProblem& problem, std::span<const std::size_t> rows,
                                const std::function<std::vector<double>(std::span<const std::size_t>)>& numbers_of) {
    std::vector<std::vector<double>> draws;
    std::vector<std::size_t> drawn(rows.size());
    for (std::size_t k = 0; k < problem.replicates; ++k) {
        const Seed seed = problem.seed.child("bootstrap").child(k);
        for (std::size_t i = 0; i < rows.size(); ++i) drawn[i] = rows[seed.bits(i) % rows.size()];
        const std::vector<double> numbers = numbers_of(drawn);
        draws.resize(std::max(draws.size(), numbers.size()));
        for (std::size_t i = 0; i < numbers.size(); ++i)
            if (std::isfinite(numbers[i])) draws[i].push_back(numbers[i]);
    }
    std::vector<Interval> intervals;
    for (std::vector<double>& values : draws) {
        Interval interval;
        interval.replicates = values.size();
        if (2 * values.size() >= problem.replicates) {
            interval.low = quantile(values, (1 - problem.level) / 2);
            interval.high = quantile(values, (1 + problem.level) / 2);
        }
        intervals.push_back(interval);
    }
    return intervals;
}

void CurveFit::add(std::string name, double value, const Interval* interval) {
    CurveNumber number{std::move(name), value};
    if (interval) {
        number.low = interval->low;
        number.high = interval->high;
    }
    numbers.push_back(std::move(number));
}

Json to_json(const CurveFit& fit) {
    const auto number = [](double value) { return std::isnan(value) ? Json(nullptr) : number_to_json(value); };
    Json json{{"verdict", fit.verdict}, {"rows", fit.rows}, {"numbers", Json::object()}, {"notes", fit.notes}};
    for (const CurveNumber& one : fit.numbers) {
        json["numbers"][one.name] = {{"value", number(one.value)}};
        if (!std::isnan(one.low)) json["numbers"][one.name].update({{"low", number(one.low)}, {"high", number(one.high)}});
    }
    return json;
}

}  // namespace assay::evaluate
