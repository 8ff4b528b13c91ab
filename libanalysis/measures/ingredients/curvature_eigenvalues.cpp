#include "libanalysis/measures/ingredients/curvature_eigenvalues.hpp"

#include "libanalysis/linop/curvature_operator.hpp"
#include "libanalysis/measures/ingredients/training_primal.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace assay::measures::ingredients {
namespace {

constexpr std::size_t dense = 64;

}  // namespace

std::size_t curvature_top(Subject& subject) {
    const auto width = static_cast<std::size_t>(element_count(subject.network().output_shapes().at(0)));
    return std::clamp<std::size_t>(width + 2, 10, 40);
}

CurvatureEigenvalues::Value CurvatureEigenvalues::compute(Subject& subject, const Key& key) {
    const bool both_ends = key.kind == "hessian";
    const engine::Primal& primal = both_ends ? training_primal(subject) : unregularised_primal(subject);
    if (primal.size() == 0) throw Error(ErrorKind::data, {std::string(key.kind), "trainable parameters", "none"});
    const auto operation = linop::find_curvature_kind(key.kind).make(primal);
    const Context& context = subject.context();
    spectral::EigenOptions options;
    options.smallest = both_ends ? 1 : 0;
    options.largest = std::min(curvature_top(subject), primal.size());
    if (options.largest + options.smallest > primal.size()) options.smallest = 0;   // the last of the largest is it
    options.memory = context.memory / 4;
    options.seed = context.seed.child("curvature_eigenvalues").child(key.kind);
    options.vectors = !both_ends;
    options.threads = context.threads;
    options.poll = [&context] { context.check_stop(); };
    Value found = primal.size() <= dense ? spectral::spectra(*operation, options) : spectral::lanczos(*operation, options);
    if (!found.converged)
        throw Error(ErrorKind::data, {std::string(key.kind), fmt::format("{} eigenvalues to a residual of {}", options.largest + options.smallest, options.tolerance),
                                      fmt::format("no convergence within {} products", found.products)});
    return found;
}

std::size_t CurvatureEigenvalues::bytes(const Value& value) {
    std::size_t numbers = 0;
    for (const auto* side : {&value.largest, &value.smallest})
        for (const spectral::Eigenpair& pair : *side) numbers += 8 + pair.vector.size();
    return numbers * sizeof(double);
}

}  // namespace assay::measures::ingredients
