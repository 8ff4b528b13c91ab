#include "libanalysis/evaluate/targets.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <cmath>

namespace assay::evaluate {
namespace {

// A column that is not there has no values: then nothing has a target.
std::vector<double> values_of(const Column* column, std::size_t size) {
    return column ? column->values : std::vector<double>(size, missing);
}

Target finished(Target target) {
    for (double& value : target.values)
        if (!std::isfinite(value)) value = missing;
    target.models = static_cast<std::size_t>(
        std::count_if(target.values.begin(), target.values.end(), [](double value) { return !std::isnan(value); }));
    return target;
}

std::optional<Target> preferred(Target logged, Target measured) {
    logged = finished(std::move(logged));
    measured = finished(std::move(measured));
    Target best = logged.models >= measured.models ? std::move(logged) : std::move(measured);
    return best.models > 0 ? std::optional(std::move(best)) : std::nullopt;
}

}  // namespace

std::optional<Target> gap(const Frame& frame) {
    const auto difference = [&](const Column* train, const Column* test, std::string source) {
        Target target{"gap", "generalisation gap", std::move(source), values_of(train, frame.size())};
        const std::vector<double> minus = values_of(test, frame.size());
        for (std::size_t i = 0; i < target.values.size(); ++i) target.values[i] -= minus[i];
        return target;
    };
    auto found = preferred(difference(frame.metric("train_accuracy"), frame.metric("test_accuracy"),
                                      "logged metric.train_accuracy - metric.test_accuracy"),
                           difference(frame.measure("train_accuracy"), frame.measure("test_accuracy"),
                                      "measured measure.train_accuracy - measure.test_accuracy"));
    if (found) return found;
    for (const char* name : {"generalization_gap", "generalisation_gap", "gap"})
        if (const Column* column = frame.metric(name)) {
            Target target = finished({"gap", "generalisation gap", "logged metric." + column->name, column->values});
            if (target.models > 0) return target;
        }
    return std::nullopt;
}

std::optional<Target> test_error(const Frame& frame) {
    const auto error = [&](const Column* accuracy, std::string source) {
        Target target{"test_error", "test error", std::move(source), values_of(accuracy, frame.size())};
        for (double& value : target.values) value = 1 - value;
        return target;
    };
    return preferred(error(frame.metric("test_accuracy"), "logged 1 - metric.test_accuracy"),
                     error(frame.measure("test_accuracy"), "measured 1 - measure.test_accuracy"));
}

std::optional<Target> test_loss(const Frame& frame) {
    const auto loss = [&](const Column* column, std::string source) { return Target{"test_loss", "test loss", std::move(source), values_of(column, frame.size())}; };
    return preferred(loss(frame.metric("test_loss"), "logged metric.test_loss"), loss(frame.measure("test_loss"), "measured measure.test_loss"));
}

namespace {

// At least three models, and not the same for all.
bool tells(const Target& target) {
    if (target.models < 3) return false;
    const auto finite = [](double value) { return !std::isnan(value); };
    const auto first = std::find_if(target.values.begin(), target.values.end(), finite);
    return !std::all_of(first, target.values.end(), [&](double value) { return std::isnan(value) || value == *first; });
}

}  // namespace

std::optional<Target> column_as_gap(const Frame& frame, std::string_view name) {
    const Column* column = frame.metric(name);
    if (!column) column = frame.measure(name);
    if (!column) {
        std::string known;
        for (const Column& one : frame.metrics) known += (known.empty() ? "metric." : ", metric.") + one.name;
        throw Error(ErrorKind::usage, {"--gap", known.empty() ? "a column of the table" : "a column, for example " + known, std::string(name)});
    }
    Target target = finished({"gap", "generalisation gap", "column " + std::string(name), column->values});
    return tells(target) ? std::optional(std::move(target)) : std::nullopt;
}

std::vector<Target> targets(const Frame& frame) {
    std::vector<Target> found;
    for (auto& target : {gap(frame), test_error(frame)})
        if (target && tells(*target)) found.push_back(*target);
    return found;
}

}  // namespace assay::evaluate
