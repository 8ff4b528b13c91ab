#include "formats/data_labels.hpp"

#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <cmath>

namespace assay::formats {
namespace {

constexpr double largest_class = 1e9;

void check_rows(std::span<const std::int64_t> rows, std::size_t there, const std::string& where) {
    for (const std::int64_t row : rows)
        if (row < 0 || static_cast<std::size_t>(row) >= there) throw Error(ErrorKind::data, {where, "rows below " + std::to_string(there), "row " + std::to_string(row)});
}

}  // namespace

Answers read_answers(std::vector<double> values, std::int64_t width, const std::string& where) {
    Answers answers;
    if (std::any_of(values.begin(), values.end(), [](double value) { return std::isnan(value); })) throw Error(ErrorKind::data, {where, "labels or targets", "NaN"});
    if (width == 1 && std::all_of(values.begin(), values.end(), [](double value) { return value >= 0 && value <= largest_class && value == std::floor(value); })) {
        answers.labels.assign(values.begin(), values.end());
    } else if (width > 1) {
        const auto step = static_cast<std::size_t>(width);
        for (std::size_t first = 0; first < values.size(); first += step) {
            std::int64_t hot = -1;
            for (std::size_t k = 0; k < step && hot != -2; ++k) {
                const double value = values[first + k];
                if (value == 1 && hot == -1) hot = static_cast<std::int64_t>(k);
                else if (value != 0) hot = -2;
            }
            if (hot < 0) {
                answers.labels.clear();
                break;
            }
            answers.labels.push_back(hot);
        }
    }
    if (!answers.labels.empty()) {
        answers.classes = width > 1 ? width : *std::max_element(answers.labels.begin(), answers.labels.end()) + 1;
    } else if (!values.empty()) {
        answers.targets = std::move(values);
        answers.target_size = width;
    }
    return answers;
}

void Answers::read_labels(std::span<const std::int64_t> rows, std::span<std::int64_t> out, const std::string& where) const {
    if (labels.empty()) throw Error(ErrorKind::data, {where, "class labels", targets.empty() ? "no labels" : "targets that are no classes"});
    check_rows(rows, labels.size(), where);
    for (std::size_t i = 0; i < rows.size(); ++i) out[i] = labels[static_cast<std::size_t>(rows[i])];
}

void Answers::read_targets(std::span<const std::int64_t> rows, std::span<double> out, const std::string& where) const {
    const auto size = static_cast<std::size_t>(target_size);
    check_rows(rows, size == 0 ? 0 : targets.size() / size, where);
    for (std::size_t i = 0; i < rows.size(); ++i) std::copy_n(targets.begin() + rows[i] * target_size, size, out.begin() + static_cast<std::ptrdiff_t>(i * size));
}

}  // namespace assay::formats
