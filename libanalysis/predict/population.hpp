#pragma once
// What the models of a training zoo were like besides their features: where it is known, a model of another kind is noticed even when all its
// features lie within the range that the zoo had.

#include "libanalysis/core/json.hpp"

#include <set>
#include <string>
#include <vector>

namespace assay::predict {

struct Population {
    std::set<std::string> inputs;          ///< "28 x 28 x 1": shapes of the inputs of a model, without the batch axis
    std::set<std::string> outputs;         ///< "10": widths of its outputs
    std::set<std::string> layers;          ///< kinds of layers that any model had
    std::set<std::string> preprocessing;   ///< what went before the inputs of those features that read data, in words

    /// `structure`: {"inputs": "28 x 28 x 1", "outputs": "10", "layers": ["conv2d", ...]}, as a model's facts have it, or null.
    void add(const Json& structure);
    /// In words, one entry for each way in which a model is unlike all of these. What is not known of either is no difference.
    std::vector<std::string> unlike(const Json& structure) const;
    /// Entries of `used` that the population did not have; none where it read no data.
    std::vector<std::string> other_preprocessing(const std::set<std::string>& used) const;

    Json to_json() const;
    static Population from_json(const Json& json);   ///< @throws nlohmann::json::exception
};

/// The preprocessing words of the key of a value's data, "hash;words;split;rows" once or more; none of "".
std::set<std::string> preprocessing_in(const std::string& data_key);

}  // namespace assay::predict
