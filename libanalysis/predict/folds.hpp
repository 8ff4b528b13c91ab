#pragma once
// Which models are held out together.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/evaluate/frame.hpp"

namespace assay::predict {

struct Folds {
    std::string group;                ///< "config.depth", or "model"
    std::string words;                ///< "each value of config.depth held out in turn"
    std::vector<int> fold;            ///< by row of `rows`
    std::vector<std::string> names;   ///< what each fold holds out
};

/// Each setting of a hyper-parameter is one fold; models without a setting are a fold of their own.
/// @throws Error{usage} for an unknown factor, Error{data} when there are fewer than two settings.
Folds folds_by_factor(const evaluate::Frame& frame, std::span<const std::size_t> rows, std::string_view group);

/// min(10, rows) seeded folds of single models: for zoos without hyper-parameters.
Folds folds_by_model(std::span<const std::size_t> rows, Seed seed);

/// Hyper-parameters that can serve when none was named: known for all rows, two to ten settings, each of at least three models and
/// leaving at least ten to learn from.
std::vector<std::string> factors_to_try(const evaluate::Frame& frame, std::span<const std::size_t> rows);

}  // namespace assay::predict
