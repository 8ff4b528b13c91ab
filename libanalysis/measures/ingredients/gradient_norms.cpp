#include "libanalysis/measures/ingredients/gradient_norms.hpp"

#include "libanalysis/engine/exact_trace.hpp"
#include "libanalysis/measures/ingredients/training_primal.hpp"

namespace assay::measures::ingredients {

GradientNorms::Value GradientNorms::compute(Subject& subject, const Key&) {
    const engine::Primal& primal = unregularised_primal(subject);
    Value value{engine::squared_gradient_norms(primal), 0};
    for (const double x : primal.loss_gradient().vector) value.mean += x * x;
    return value;
}

}  // namespace assay::measures::ingredients
