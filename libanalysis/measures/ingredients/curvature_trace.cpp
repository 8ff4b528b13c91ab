#include "libanalysis/measures/ingredients/curvature_trace.hpp"

#include "libanalysis/engine/exact_trace.hpp"
#include "libanalysis/linop/curvature_operator.hpp"
#include "libanalysis/measures/ingredients/training_primal.hpp"

namespace assay::measures::ingredients {
namespace {

bool used_once(const model::Model& model) {
    std::vector<int> uses(model.parameters.size(), 0);
    const model::Graph& graph = model.architecture->graph;
    for (std::size_t vertex = 0; vertex < boost::num_vertices(graph); ++vertex)
        for (const std::size_t parameter : graph[vertex].parameters)
            if (++uses[parameter] > 1) return false;
    return true;
}

spectral::Estimate by_columns(const linop::LinearOperator& a) {
    std::vector<double> unit(a.rows(), 0.0), column(a.rows());
    spectral::Estimate trace{0, 0, "exact", a.rows()};
    for (std::size_t i = 0; i < unit.size(); ++i) {
        unit[i] = 1;
        a.apply(unit, column);
        trace.value += column[i];
        unit[i] = 0;
    }
    return trace;
}

}  // namespace

CurvatureTrace::Value CurvatureTrace::compute(Subject& subject, const Key& key) {
    const engine::Primal& primal = key.kind == "hessian" ? training_primal(subject) : unregularised_primal(subject);
    // The trace of a Gauss-Newton matrix by parameter tensors, each where it is used: no cross terms between two uses.
    const bool exact = key.kind == "hessian" ? engine::gauss_newton_trace_refusal(subject.network()).empty() : used_once(subject.model());
    if (exact) return {engine::gauss_newton_trace(primal).trace, 0, "exact", 0};
    const auto operation = linop::find_curvature_kind(key.kind).make(primal);
    if (primal.size() <= few_parameters) return by_columns(*operation);
    const Context& context = subject.context();
    spectral::TraceOptions options;
    options.seed = context.seed.child("curvature_trace").child(key.kind);
    options.memory = context.memory / 4;
    options.threads = context.threads;
    options.poll = [&context] { context.check_stop(); };
    return spectral::xtrace(*operation, options);
}

}  // namespace assay::measures::ingredients
