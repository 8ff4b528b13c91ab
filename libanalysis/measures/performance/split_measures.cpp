#include "libanalysis/measures/performance/split_measures.hpp"

#include "libanalysis/measures/ingredients/predictions.hpp"
#include "libanalysis/measures/values.hpp"

#include <algorithm>
#include <cmath>

namespace assay::measures::performance {

std::vector<Value> accuracy(Subject& subject, const std::string& split) {
    const auto& predictions = subject.get<ingredients::Predictions>({split});
    const double p = predictions.accuracy();
    Value value = whole(p);
    if (subject.options().sampled) value.standard_error = std::sqrt(p * (1 - p) / static_cast<double>(predictions.rows));
    return {value};
}

namespace {

/// What a loss compares, checked: outputs against classes, or against targets of the same width.
struct Compared { const engine::Loss& loss; const engine::Labels& labels; const engine::Outputs& outputs; };

Compared compared(Subject& subject, const std::string& split) {
    const engine::Loss& loss = subject.loss();
    const engine::Labels& labels = subject.get<ingredients::Labels>({split});
    const engine::Outputs& outputs = subject.get<ingredients::Outputs>({split});
    const std::string& folded = subject.network().folded_activation();
    if (!folded.empty() && folded != loss.activation)
        throw Error(ErrorKind::unsupported, {"loss", std::string(loss.name) + " over a final " + std::string(loss.activation), "a final " + folded});
    if (outputs.count < 1) throw Error(ErrorKind::data, {split + " data", "at least one row", "none"});
    if (labels.classes.empty() && labels.targets.size() != outputs.values.size())
        throw Error(ErrorKind::data, {split + " targets", std::to_string(outputs.width) + " values a row",
                                      std::to_string(labels.targets.size() / static_cast<std::size_t>(outputs.count))});
    if (labels.classes.empty() && loss.class_labels) throw Error(ErrorKind::data, {split + " labels", "classes", "targets"});
    return {loss, labels, outputs};
}

Value mean_of(const std::vector<double>& losses, const Subject& subject, std::string objective) {
    double sum = 0;
    for (const double value : losses) sum += value;
    const double mean = sum / static_cast<double>(losses.size());
    Value value = whole(mean, {}, "the loss is not finite");
    if (subject.options().sampled && value.ok() && losses.size() > 1) {
        double squares = 0;
        for (const double x : losses) squares += (x - mean) * (x - mean);
        value.standard_error = std::sqrt(squares / static_cast<double>(losses.size() - 1) / static_cast<double>(losses.size()));
    }
    value.objective = std::move(objective);
    return value;
}

constexpr double clip = 1e-7;   // Keras' epsilon

// -ln of the clipped probability of the label, of a row of logits.
double clipped_cross_entropy(std::span<const double> logits, std::size_t label) {
    const double top = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const double z : logits) sum += std::exp(z - top);
    return -std::log(std::clamp(std::exp(logits[label] - top) / sum, clip, 1 - clip));
}

double clipped_binary_cross_entropy(double logit, double target) {
    const double p = std::clamp(1 / (1 + std::exp(-logit)), clip, 1 - clip);
    return -target * std::log(p) - (1 - target) * std::log1p(-p);
}

}  // namespace

std::vector<Value> loss(Subject& subject, const std::string& split) {
    const auto [kind, labels, outputs] = compared(subject, split);
    std::vector<double> losses(static_cast<std::size_t>(outputs.count));
    kind.value(outputs.values, outputs.count, outputs.width, labels, losses);
    return {mean_of(losses, subject, std::string(kind.name) + ", mean, no regulariser, BatchNormalization inference")};
}

std::vector<Value> clipped_loss(Subject& subject, const std::string& split) {
    const auto [kind, labels, outputs] = compared(subject, split);
    if (subject.network().folded_activation().empty()) return {missing("the outputs are not probabilities: no clipping is usual")};
    const bool classes = kind.name == "cross_entropy";
    if (!classes && kind.name != "binary_cross_entropy") return {missing("clipping belongs to cross-entropies")};
    std::vector<double> losses(static_cast<std::size_t>(outputs.count));
    const auto width = static_cast<std::size_t>(outputs.width);
    for (std::size_t i = 0; i < losses.size(); ++i) {
        const std::span<const double> row = outputs.row(static_cast<std::int64_t>(i));
        if (classes) {
            losses[i] = clipped_cross_entropy(row, static_cast<std::size_t>(labels.classes[i]));
            continue;
        }
        for (std::size_t j = 0; j < width; ++j) {
            double target = 0;
            if (labels.classes.empty()) target = labels.targets[i * width + j];
            else if (width == 1) target = static_cast<double>(labels.classes[i]);
            else target = static_cast<std::size_t>(labels.classes[i]) == j;
            losses[i] += clipped_binary_cross_entropy(row[j], target) / static_cast<double>(width);
        }
    }
    return {mean_of(losses, subject, std::string(kind.name) + " of probabilities clipped at 1e-7, mean, no regulariser, BatchNormalization inference")};
}

std::vector<Value> near_ties(Subject& subject, const std::string& split) {
    return {whole(static_cast<double>(subject.get<ingredients::Predictions>({split}).near_ties))};
}

}  // namespace assay::measures::performance
