#pragma once
// Measures that are a number for each layer, and for the whole model the mean over its layers.

#include "libanalysis/measures/values.hpp"
#include "libanalysis/measures/weight_matrices.hpp"
#include "libanalysis/measures/subject.hpp"

#include <cmath>
#include <optional>
#include <vector>

namespace assay::measures {

struct LayerNumber { double value = 0; std::optional<double> standard_error{}; };

/// `number`: (const WeightMatrix&) -> LayerNumber or double. A layer that has none says why; the mean is over those that have one, and is
/// missing with the first reason where there are none. The mean's standard error is that of independent layers.
template <class F>
std::vector<Value> with_layer_mean(Subject& subject, const std::string& convention, F number) {
    std::vector<Value> values;
    double sum = 0, squares = 0;
    std::size_t count = 0;
    bool uncertain = false;
    std::string refused;
    for (const WeightMatrix& matrix : weight_matrices(subject.model())) {
        std::optional<double> error;
        Value value = attempt(convention, [&] {
            if constexpr (requires { number(matrix).standard_error; }) {
                const LayerNumber found = number(matrix);
                error = found.standard_error;
                return found.value;
            } else {
                return static_cast<double>(number(matrix));
            }
        });
        value.layer = matrix.label;
        if (value.ok()) {
            value.standard_error = error;
            sum += std::get<double>(value.value);
            squares += error ? *error * *error : 0;
            uncertain = uncertain || error.has_value();
            ++count;
        } else if (refused.empty()) {
            refused = value.reason;
        }
        values.push_back(std::move(value));
    }
    if (count == 0) {
        values.push_back(missing(refused, convention));
        return values;
    }
    values.push_back(whole(sum / static_cast<double>(count), convention));
    if (uncertain) values.back().standard_error = std::sqrt(squares) / static_cast<double>(count);
    return values;
}

/// The values of several conventions, one after the other.
template <class F>
std::vector<Value> in_conventions(std::initializer_list<const char*> conventions, F values_of) {
    std::vector<Value> all;
    for (const char* convention : conventions)
        for (Value& value : values_of(std::string(convention))) all.push_back(std::move(value));
    return all;
}

}  // namespace assay::measures
