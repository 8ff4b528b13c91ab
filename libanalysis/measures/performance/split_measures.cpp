#include "libanalysis/measures/performance/split_measures.hpp"

#include "libanalysis/measures/ingredients/predictions.hpp"
#include "libanalysis/measures/values.hpp"

namespace assay::measures::performance {

std::vector<Value> accuracy(Subject& subject, const std::string& split) {
    return {whole(subject.get<ingredients::Predictions>({split}).accuracy())};
}

std::vector<Value> loss(Subject& subject, const std::string& split) {
    const engine::Loss& kind = subject.loss();
    const engine::Labels& labels = subject.get<ingredients::Labels>({split});
    const engine::Outputs& outputs = subject.get<ingredients::Outputs>({split});
    const std::string& folded = subject.network().folded_activation();
    if (!folded.empty() && folded != kind.activation)
        throw Error(ErrorKind::unsupported, {"loss", std::string(kind.name) + " over a final " + std::string(kind.activation), "a final " + folded});
    if (outputs.count < 1) throw Error(ErrorKind::data, {split + " data", "at least one row", "none"});
    std::vector<double> losses(static_cast<std::size_t>(outputs.count));
    kind.value(outputs.values, outputs.count, outputs.width, labels, losses);
    double sum = 0;
    for (const double value : losses) sum += value;
    Value value = whole(sum / static_cast<double>(outputs.count), {}, "the loss is not finite");
    value.objective = std::string(kind.name) + ", mean, no regulariser, BatchNormalization inference";
    return {value};
}

std::vector<Value> near_ties(Subject& subject, const std::string& split) {
    return {whole(static_cast<double>(subject.get<ingredients::Predictions>({split}).near_ties))};
}

}  // namespace assay::measures::performance
