#include "libanalysis/measures/perturbation.hpp"

#include "libanalysis/engine/batches.hpp"
#include "libanalysis/engine/parallel.hpp"
#include "libanalysis/engine/passes.hpp"
#include "libanalysis/engine/primal.hpp"
#include "libanalysis/measures/ingredients/predictions.hpp"

#include <algorithm>
#include <cmath>

namespace assay::measures {
namespace {

const data::Rows& training_rows(Subject& subject) {
    const data::Rows* rows = subject.rows("train");
    if (!rows) throw Error(ErrorKind::missing, {"data", "train rows", "none"});
    if (rows->count() == 0) throw Error(ErrorKind::data, {"train data", "at least one row", "none"});
    return *rows;
}

}  // namespace

void fill_normal(Seed seed, std::span<double> values, const Context& context) {
    constexpr std::size_t chunk = 1 << 16;
    Context quiet = context;
    quiet.on_progress = {};
    engine::ordered_parallel(
        quiet, static_cast<std::int64_t>((values.size() + chunk - 1) / chunk),
        [&](int, std::int64_t i) {
            const std::size_t first = static_cast<std::size_t>(i) * chunk, last = std::min(first + chunk, values.size());
            for (std::size_t j = first; j < last; ++j) values[j] = seed.normal(j);
            return 0;
        },
        [](std::int64_t, int) {});
}

Perturbation::Perturbation(Subject& subject)
    : subject_(subject), base_(subject.backend().to_host(subject.parameters("final"))), size_(subject.network().layout().trainable_count) {}

Perturbation::Perturbation(Subject& subject, const model::Weights& base)
    : subject_(subject), base_(subject.backend().to_host(subject.network().pack(subject.backend(), base).const_view())),
      size_(subject.network().layout().trainable_count) {}

engine::Buffer Perturbation::moved(std::span<const double> delta) {
    if (delta.size() != size_) throw Error(ErrorKind::internal, {"perturbation", std::to_string(size_) + " entries", std::to_string(delta.size())});
    std::vector<double> values = base_;
    for (std::size_t i = 0; i < size_; ++i) values[i] += delta[i];
    return subject_.backend().from_host(values, subject_.network().options().precision);
}

double Perturbation::loss(std::span<const double> delta) {
    const data::Rows& rows = training_rows(subject_);
    const engine::Buffer parameters = moved(delta);
    const engine::Outputs outputs = engine::outputs_over(subject_.network(), subject_.backend(), parameters.const_view(), rows, subject_.context());
    const engine::Loss& kind = subject_.loss();
    std::vector<double> losses(static_cast<std::size_t>(outputs.count));
    kind.value(outputs.values, outputs.count, outputs.width, engine::labels_of(rows, 0, outputs.count, kind, outputs.width), losses);
    double sum = 0;
    for (const double value : losses) sum += value;
    return sum / static_cast<double>(outputs.count);
}

LossGradient Perturbation::loss_gradient(std::span<const double> delta) {
    const engine::Buffer parameters = moved(delta);
    Context context = subject_.context();
    // One gradient and no more at these weights: nothing is worth keeping.
    context.memory = std::min(context.memory, engine::Primal::in_flight(subject_.network(), context.threads));
    const engine::Primal primal(subject_.network(), subject_.backend(), parameters.const_view(), training_rows(subject_), {.loss = &subject_.loss()}, context);
    engine::Primal::Mean mean = primal.loss_gradient();
    return {mean.value, std::move(mean.vector)};
}

double Perturbation::accuracy(std::span<const double> delta) {
    const data::Rows& rows = training_rows(subject_);
    const engine::Labels& labels = subject_.get<ingredients::Labels>({"train"});
    if (labels.classes.empty()) throw Error(ErrorKind::data, {"train labels", "classes", "targets"});
    const engine::Buffer parameters = moved(delta);
    const engine::Outputs outputs = engine::outputs_over(subject_.network(), subject_.backend(), parameters.const_view(), rows, subject_.context());
    const double threshold = outputs.width == 1 ? ingredients::single_output_threshold(subject_) : 0;
    std::int64_t correct = 0;
    for (std::int64_t i = 0; i < outputs.count; ++i) {
        const std::span<const double> row = outputs.row(i);
        const bool finite = std::all_of(row.begin(), row.end(), [](double x) { return std::isfinite(x); });
        correct += finite && ingredients::predicted_class(row, threshold) == labels.classes[static_cast<std::size_t>(i)];
    }
    return static_cast<double>(correct) / static_cast<double>(outputs.count);
}

std::string plain_objective(Subject& subject) {
    return std::string(subject.loss().name) + ", mean, no regulariser, BatchNormalization inference";
}

}  // namespace assay::measures
