#include "libanalysis/measures/ingredients/masked_accuracies.hpp"

#include "libanalysis/measures/ingredients/predictions.hpp"
#include "libanalysis/pruning/method.hpp"

#include <cmath>

namespace assay::measures::ingredients {

double accuracy_with(Subject& subject, const model::Weights& weights) {
    const engine::Labels& labels = subject.get<Labels>({"train"});
    if (labels.classes.empty()) throw Error(ErrorKind::data, {"train labels", "classes", "targets"});
    const engine::Buffer packed = subject.network().pack(subject.backend(), weights);
    const engine::Outputs outputs =
        engine::outputs_over(subject.network(), subject.backend(), packed.const_view(), *subject.rows("train"), subject.context());
    if (outputs.count == 0) throw Error(ErrorKind::data, {"train data", "at least one row", "none"});
    const double threshold = outputs.width == 1 ? single_output_threshold(subject) : 0;
    std::int64_t correct = 0;
    for (std::int64_t i = 0; i < outputs.count; ++i) {
        for (const double value : outputs.row(i))
            if (!std::isfinite(value)) throw Error(ErrorKind::data, {"", "", "non-finite outputs"});
        correct += predicted_class(outputs.row(i), threshold) == labels.classes[static_cast<std::size_t>(i)];
    }
    return static_cast<double>(correct) / static_cast<double>(outputs.count);
}

MaskedAccuracies::Value MaskedAccuracies::compute(Subject& subject, const Key& key) {
    const pruning::Method& method = pruning::find_method(key.method);
    const model::Model& model = subject.model();
    pruning::Problem problem{.model = model, .weights = model.weights, .seed = subject.context().seed, .context = subject.context()};
    const pruning::Scores scores = method.scores(problem);
    Value accuracies;
    for (const double sparsity : sparsities) accuracies.push_back(accuracy_with(subject, pruning::masked(model.weights, pruning::keep_highest(scores, sparsity))));
    return accuracies;
}

}  // namespace assay::measures::ingredients
