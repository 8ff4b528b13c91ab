#include "libanalysis/measures/performance/split_measures.hpp"

#include "libanalysis/measures/ingredients/predictions.hpp"
#include "libanalysis/measures/values.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

namespace assay::measures::performance {

std::vector<Value> accuracy(Subject& subject, const std::string& split) {
    const auto& predictions = subject.get<ingredients::Predictions>({split});
    const double p = predictions.accuracy();
    Value value = whole(p);
    if (subject.options().sampled) value.standard_error = std::sqrt(p * (1 - p) / static_cast<double>(predictions.rows));
    return {value};
}

namespace {

// The loss of every row of a split. @throws Error where labels, targets and outputs do not fit the loss.
std::vector<double> row_losses(Subject& subject, const std::string& split) {
    const engine::Loss& kind = subject.loss();
    const engine::Labels& labels = subject.get<ingredients::Labels>({split});
    const engine::Outputs& outputs = subject.get<ingredients::Outputs>({split});
    const std::string& folded = subject.network().folded_activation();
    if (!folded.empty() && folded != kind.activation)
        throw Error(ErrorKind::unsupported, {"loss", std::string(kind.name) + " over a final " + std::string(kind.activation), "a final " + folded});
    if (outputs.count < 1) throw Error(ErrorKind::data, {split + " data", "at least one row", "none"});
    if (labels.classes.empty() && labels.targets.size() != outputs.values.size())
        throw Error(ErrorKind::data, {split + " targets", std::to_string(outputs.width) + " values a row", std::to_string(labels.targets.size() / static_cast<std::size_t>(outputs.count))});
    if (labels.classes.empty() && kind.class_labels) throw Error(ErrorKind::data, {split + " labels", "classes", "targets"});
    std::vector<double> losses(static_cast<std::size_t>(outputs.count));
    kind.value(outputs.values, outputs.count, outputs.width, labels, losses);
    return losses;
}

// Their mean, with its standard error where the rows are a sample.
Value mean_loss(Subject& subject, std::span<const double> losses, std::string objective) {
    double sum = 0;
    for (const double value : losses) sum += value;
    Value value = whole(sum / static_cast<double>(losses.size()), {}, "the loss is not finite");
    if (subject.options().sampled && value.ok() && losses.size() > 1) {
        const double mean = std::get<double>(value.value);
        double squares = 0;
        for (const double x : losses) squares += (x - mean) * (x - mean);
        value.standard_error = std::sqrt(squares / static_cast<double>(losses.size() - 1) / static_cast<double>(losses.size()));
    }
    value.objective = std::move(objective) + ", mean, no regulariser, BatchNormalization inference";
    return value;
}

}  // namespace

std::vector<Value> loss(Subject& subject, const std::string& split) {
    const std::vector<double> losses = row_losses(subject, split);
    return {mean_loss(subject, losses, std::string(subject.loss().name))};
}

std::vector<Value> clipped_loss(Subject& subject, const std::string& split, const Parameters& parameters) {
    const engine::Loss& kind = subject.loss();
    const bool one_probability = kind.name == "cross_entropy" ||
                                 (kind.name == "binary_cross_entropy" && subject.get<ingredients::Outputs>({split}).width == 1);
    if (!one_probability) return {missing("only a loss that is -ln of one probability can be clipped, not " + std::string(kind.name))};
    const double clip = fraction(parameters, "clip");
    if (!(clip < 0.5)) throw Error(ErrorKind::usage, {"clip", "a number from 0 to below 0.5", parameters.at("clip")});
    std::vector<double> losses = row_losses(subject, split);
    for (double& value : losses) value = std::isnan(value) ? value : std::clamp(value, -std::log1p(-clip), -std::log(clip));
    return {mean_loss(subject, losses, std::string(kind.name) + " with probabilities clipped at " + parameters.at("clip"))};
}

std::vector<Value> near_ties(Subject& subject, const std::string& split) {
    return {whole(static_cast<double>(subject.get<ingredients::Predictions>({split}).near_ties))};
}

}  // namespace assay::measures::performance
