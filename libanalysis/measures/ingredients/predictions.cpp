#include "libanalysis/measures/ingredients/predictions.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::measures::ingredients {
namespace {

constexpr double near_tie = 1e-6;

struct Softmax { double largest, second, entropy; };

// Probabilities of one row of logits, in double.
Softmax softmax(std::span<const double> logits) {
    double top = -std::numeric_limits<double>::infinity();
    for (const double z : logits) top = std::max(top, z);
    double sum = 0, weighted = 0, second = 0;
    bool seen_top = false;
    for (const double z : logits) {
        const double e = std::exp(z - top);
        sum += e;
        weighted += e * (z - top);
        if (z == top && !seen_top)
            seen_top = true;
        else
            second = std::max(second, e);
    }
    return {1 / sum, second / sum, std::log(sum) - weighted / sum};
}

double two_largest_apart(std::span<const double> outputs) {
    double first = -std::numeric_limits<double>::infinity(), second = first;
    for (const double z : outputs) {
        if (z > first) {
            second = first;
            first = z;
        } else {
            second = std::max(second, z);
        }
    }
    return first - second;
}

}  // namespace

std::int64_t predicted_class(std::span<const double> outputs, double threshold) {
    if (outputs.size() == 1) return outputs[0] > threshold ? 1 : 0;
    return std::max_element(outputs.begin(), outputs.end()) - outputs.begin();   // the first of equal ones
}

double single_output_threshold(Subject& subject) {
    const engine::Network& network = subject.network();
    if (network.folded_activation() == "sigmoid") return 0;   // logits
    const model::TrainingFacts& facts = subject.model().facts;
    const bool binary = subject.options().loss == "binary_cross_entropy" || facts.loss == "binary_cross_entropy";
    if (binary) return facts.from_logits.value_or(false) ? 0 : 0.5;
    throw Error(ErrorKind::data, {"network outputs", "class scores", "one output that is not a probability"});
}

Predictions::Value Predictions::compute(Subject& subject, const Key& key) {
    const engine::Labels& labels = subject.get<Labels>(key);
    if (labels.classes.empty()) throw Error(ErrorKind::data, {key.split + " labels", "classes", "targets"});
    const engine::Outputs& outputs = subject.get<Outputs>(key);
    const engine::Network& network = subject.network();
    const double threshold = outputs.width == 1 ? single_output_threshold(subject) : 0;
    const bool logits = network.folded_activation() == "softmax" || (network.folded_activation().empty() && [&] {
        try {
            return subject.loss().activation == "softmax";
        } catch (const Error&) {
            return false;
        }
    }());
    Value value;
    value.rows = outputs.count;
    double confidence = 0, entropy = 0;
    for (std::int64_t i = 0; i < outputs.count; ++i) {
        const std::span<const double> row = outputs.row(i);
        value.correct += predicted_class(row, threshold) == labels.classes[static_cast<std::size_t>(i)];
        if (logits && outputs.width > 1) {
            const Softmax p = softmax(row);
            confidence += p.largest;
            entropy += p.entropy;
            value.near_ties += p.largest - p.second < near_tie;
        } else {
            value.near_ties += (outputs.width == 1 ? std::abs(row[0] - threshold) : two_largest_apart(row)) < near_tie;
        }
    }
    if (logits && outputs.width > 1 && outputs.count > 0) {
        value.confidence = confidence / static_cast<double>(outputs.count);
        value.entropy = entropy / static_cast<double>(outputs.count);
    }
    if (value.rows == 0) throw Error(ErrorKind::data, {key.split + " data", "at least one row", "none"});
    return value;
}

}  // namespace assay::measures::ingredients
