#pragma once
// What losses ask of their labels.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/loss.hpp"

#include <string>
#include <vector>

namespace assay::engine::loss_functions {

/// The class of a row. @throws Error{data} when there is none or it is not one of the outputs.
inline std::size_t class_of(const Labels& labels, std::size_t row, std::size_t classes) {
    if (row >= labels.classes.size()) throw Error(ErrorKind::data, {"labels", "a class for every row", std::to_string(labels.classes.size()) + " classes"});
    const std::int64_t label = labels.classes[row];
    if (label < 0 || label >= static_cast<std::int64_t>(classes)) {
        throw Error(ErrorKind::data, {"labels, row " + std::to_string(row), "a class from 0 to " + std::to_string(classes - 1), std::to_string(label),
                                      "The data set does not belong to this model."});
    }
    return static_cast<std::size_t>(label);
}

/// The target of one output. Without targets a network of one output takes the class, 0 or 1, as its target.
inline double target_of(const Labels& labels, std::size_t row, std::size_t output, std::size_t width) {
    if (!labels.targets.empty()) {
        if (row * width + output >= labels.targets.size()) {
            throw Error(ErrorKind::data, {"targets", std::to_string(width) + " for every row", std::to_string(labels.targets.size()) + " in all"});
        }
        return labels.targets[row * width + output];
    }
    if (width != 1) throw Error(ErrorKind::data, {"labels", "a target for each of " + std::to_string(width) + " outputs", "classes"});
    return static_cast<double>(class_of(labels, row, 2));
}

/// target_of every output, [rows, width].
inline std::vector<double> targets_of(const Labels& labels, std::int64_t rows, std::int64_t width) {
    const auto n = static_cast<std::size_t>(width);
    std::vector<double> targets(static_cast<std::size_t>(rows) * n);
    for (std::size_t i = 0; i < targets.size(); ++i) targets[i] = target_of(labels, i / n, i % n, n);
    return targets;
}

}  // namespace assay::engine::loss_functions
