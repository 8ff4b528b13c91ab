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
    if (const auto target = evaluate::test_loss(frame)) answers.push_back({"test loss", taken(target->values, rows)});
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

namespace {

// Arrays of one length become a column an element; one that only some models have, or that differs in length, is none.
std::vector<Column> elements_of(const evaluate::ArrayColumn& array, std::span<const std::size_t> rows, std::string& reason) {
    const std::size_t length = rows.empty() ? 0 : array.values[rows[0]].size();
    std::size_t missing = 0;
    bool alike = true;
    for (const std::size_t row : rows) {
        missing += array.values[row].empty();
        alike = alike && array.values[row].size() == length;
    }
    if (missing > 0) reason = fmt::format("missing for {} of {} models", missing, rows.size());
    else if (!alike) reason = "of different lengths: the models' architectures differ";
    if (!reason.empty() || length == 0) return {};
    std::vector<Column> columns;
    for (std::size_t i = 0; i < length; ++i) {
        Column column{evaluate::element_name(array.name, i), std::vector<double>(array.values.size(), evaluate::missing)};
        for (const std::size_t row : rows) column.values[row] = array.values[row][i];
        columns.push_back(std::move(column));
    }
    return columns;
}

}  // namespace

Selection select_features(const evaluate::Frame& frame, std::span<const std::size_t> rows, const Refusal& refusal) {
    if (!refusal) throw Error(ErrorKind::internal, {"features", "a rule that says which measures are forbidden", "none"});
    const std::vector<Answer> answers = answers_of(frame, rows);
    Selection selection;
    const auto drop = [&](const std::string& column, std::string reason) { selection.dropped.push_back({column, std::move(reason)}); };
    const auto consider = [&](const Column& column) {
        const std::vector<double> values = taken(column.values, rows);
        const auto finite = std::count_if(values.begin(), values.end(), [](double value) { return std::isfinite(value); });
        if (finite != static_cast<std::ptrdiff_t>(values.size()))
            return drop(column.name, fmt::format("missing for {} of {} models", values.size() - static_cast<std::size_t>(finite), values.size()));
        const auto [low, high] = std::minmax_element(values.begin(), values.end());
        if (values.empty() || *low == *high) return drop(column.name, "the same for all models");
        if (const std::string answer = copy_of(values, answers); !answer.empty())
            return drop(column.name, "orders all models exactly as " + answer + " does: a copy of the answer");
        selection.features.push_back(column);
    };
    for (const Column& column : frame.measures) {
        if (std::string reason = refusal(evaluate::split_column(column.name).measure); !reason.empty()) drop(column.name, std::move(reason));
        else consider(column);
    }
    for (const evaluate::ArrayColumn& array : frame.arrays) {
        std::string reason = refusal(evaluate::split_column(array.name).measure);
        const std::vector<Column> columns = reason.empty() ? elements_of(array, rows, reason) : std::vector<Column>{};
        if (!reason.empty()) drop(array.name, std::move(reason));
        for (const Column& column : columns) consider(column);
    }
    return selection;
}

}  // namespace assay::predict
