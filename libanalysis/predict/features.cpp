#include "libanalysis/predict/features.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/evaluate/kendall.hpp"
#include "libanalysis/evaluate/targets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::predict {
namespace {

using evaluate::Column;

std::vector<double> taken(const std::vector<double>& values, std::span<const std::size_t> rows) {
    std::vector<double> out;
    for (const std::size_t row : rows) out.push_back(values[row]);
    return out;
}

struct Answer { std::string name; std::vector<double> values; };

std::vector<Answer> answers_of(const evaluate::Frame& frame, std::span<const std::size_t> rows) {
    std::vector<Answer> answers;
    if (const auto target = evaluate::test_error(frame)) answers.push_back({"test error", taken(target->values, rows)});
    if (const auto target = evaluate::gap(frame)) answers.push_back({"gap", taken(target->values, rows)});
    for (const Column& metric : frame.metrics)
        for (const char* word : {"test", "val", "gap"})
            if (metric.name.find(word) != std::string::npos) {
                answers.push_back({"metric." + metric.name, taken(metric.values, rows)});
                break;
            }
    std::erase_if(answers, [](const Answer& answer) {
        return std::any_of(answer.values.begin(), answer.values.end(), [](double value) { return std::isnan(value); });
    });
    return answers;
}

std::string copy_of(const std::vector<double>& values, const std::vector<Answer>& answers) {
    if (values.size() < 10) return "";
    for (const Answer& answer : answers)
        if (std::abs(evaluate::kendall_tau_b(values, answer.values)) == 1) return answer.name;
    return "";
}

}  // namespace

Selection select_features(const evaluate::Frame& frame, std::span<const std::size_t> rows, const Refusal& refusal) {
    if (!refusal) throw Error(ErrorKind::internal, {"features", "a rule that says which measures are forbidden", "none"});
    const std::vector<Answer> answers = answers_of(frame, rows);
    Selection selection;
    for (const Column& column : frame.measures) {
        const auto drop = [&](std::string reason) { selection.dropped.push_back({column.name, std::move(reason)}); };
        if (std::string reason = refusal(evaluate::split_column(column.name).measure); !reason.empty()) {
            drop(std::move(reason));
            continue;
        }
        const std::vector<double> values = taken(column.values, rows);
        const auto finite = std::count_if(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
        if (finite != static_cast<std::ptrdiff_t>(values.size())) {
            drop(fmt::format("missing for {} of {} models", values.size() - static_cast<std::size_t>(finite), values.size()));
            continue;
        }
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        if (values.empty() || *low == *high) {
            drop("the same for all models");
            continue;
        }
        if (const std::string answer = copy_of(values, answers); !answer.empty()) {
            drop("orders all models exactly as " + answer + " does: a copy of the answer");
            continue;
        }
        selection.features.push_back(column);
    }
    return selection;
}

}  // namespace assay::predict
