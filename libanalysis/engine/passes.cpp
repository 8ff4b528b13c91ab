#include "libanalysis/engine/passes.hpp"

#include "libanalysis/engine/batches.hpp"
#include "libanalysis/engine/parallel.hpp"
#include "libanalysis/engine/tape.hpp"

#include <algorithm>

namespace assay::engine {

namespace {

/// The lanes of one pass: the caller's backend, and further ones for the other threads and for committing.
class Lanes {
public:
    Lanes(Backend& first, int lanes) : first_(first), commit_(first.lane()) {
        for (int lane = 1; lane < lanes; ++lane) others_.push_back(first.lane());
    }
    Backend& operator[](int lane) { return lane == 0 ? first_ : *others_[static_cast<std::size_t>(lane - 1)]; }
    Backend& commit() { return *commit_; }

private:
    Backend& first_;
    std::unique_ptr<Backend> commit_;
    std::vector<std::unique_ptr<Backend>> others_;
};

/// As many threads as their micro-batches fit into the memory of the call; results do not depend on it.
Context within_memory(const Context& context, std::size_t bytes_per_lane) {
    Context bounded = context;
    const std::size_t fit = context.memory / std::max<std::size_t>(bytes_per_lane, 1);
    bounded.threads = static_cast<int>(std::clamp<std::size_t>(fit, 1, static_cast<std::size_t>(std::max(context.threads, 1))));
    return bounded;
}

void require_rows(const Batches& batches) {
    if (batches.rows() == 0) throw Error(ErrorKind::data, {"data", "at least one row", "none"});
}

/// The width of the output that a loss looks at, checked.
std::int64_t loss_width(const Network& network, const Loss& loss) {
    const Shape& shape = network.output_shapes().front();
    if (loss.class_labels && shape.size() != 1) {
        throw Error(ErrorKind::unsupported, {"loss " + std::string(loss.name), "an output with one axis", "an output of shape " + assay::to_string(shape)});
    }
    return element_count(shape);
}

/// The loss function at the first output of a micro-batch, and the seeds of reverse passes.
class Head {
public:
    Head(Backend& lane, const Network& network, const Tape& tape, const Loss& loss, Labels labels)
        : lane_(lane), network_(network), loss_(loss), rows_(tape.batch()), width_(loss_width(network, loss)), labels_(std::move(labels)),
          outputs_(lane.to_host(tape.network_output(0))) {}

    double sum() const {
        std::vector<double> losses(static_cast<std::size_t>(rows_));
        loss_.value(outputs_, rows_, width_, labels_, losses);
        double total = 0;
        for (const double value : losses) total += value;
        return total;
    }
    Buffer gradient() const {
        std::vector<double> values(outputs_.size());
        loss_.gradient(outputs_, rows_, width_, labels_, values);
        return lane_.from_host(values, network_.options().precision);
    }
    /// The loss's Hessian times a tangent of the output.
    Buffer hessian_product(ConstView tangent) const {
        std::vector<double> values(outputs_.size());
        if (!tangent.empty()) loss_.hessian_product(outputs_, rows_, width_, labels_, lane_.to_host(tangent), values);
        return lane_.from_host(values, network_.options().precision);
    }
    /// Seeds for all outputs: the loss sees the first only.
    std::vector<ConstView> seeds(const Buffer& first) const {
        std::vector<ConstView> all(network_.output_names().size());
        all[0] = first.view();
        return all;
    }

private:
    Backend& lane_;
    const Network& network_;
    const Loss& loss_;
    std::int64_t rows_, width_;
    Labels labels_;
    std::vector<double> outputs_;
};

/// Sums of one micro-batch: a loss and a vector over the trainable parameters, in the network's precision.
struct Partial {
    double loss = 0;
    Buffer vector;
};

/// Adds up one Partial per micro-batch in order, in float64, and divides by the number of rows: rows weigh alike.
template <class Work>
LossGradient mean_over(const Network& network, Backend& backend, const data::Rows& rows, const Context& context, Work&& work) {
    const Batches batches(network, rows);
    require_rows(batches);
    const std::size_t size = network.layout().trainable_count;
    const Context bounded = within_memory(context, network.derivative_bytes() + size * size_of(network.options().precision));
    Lanes lanes(backend, lanes_for(bounded, batches.count()));
    Buffer sum = backend.zeros(DType::float64, size);
    LossGradient mean{0, {}};
    ordered_parallel(
        bounded, batches.count(),
        [&](int lane, std::int64_t i) {
            Partial partial{0, lanes[lane].zeros(network.options().precision, size)};
            work(lanes[lane], batches, i, partial);
            return partial;
        },
        [&](std::int64_t, Partial partial) {
            mean.loss += partial.loss;
            lanes.commit().accumulate(partial.vector.const_view(), sum.view());
        });
    mean.gradient = backend.to_host(sum.view());
    const auto count = static_cast<double>(batches.rows());
    mean.loss /= count;
    for (double& value : mean.gradient) value /= count;
    return mean;
}

Buffer upload_direction(const Network& network, Backend& backend, std::span<const double> direction) {
    if (direction.size() != network.layout().trainable_count) {
        throw Error(ErrorKind::internal, {"direction", std::to_string(network.layout().trainable_count) + " entries", std::to_string(direction.size())});
    }
    return backend.from_host(direction, network.options().precision);
}

}  // namespace

Outputs outputs_over(const Network& network, Backend& backend, ConstView parameters, const data::Rows& rows, const Context& context, std::size_t index) {
    const Batches batches(network, rows);
    Outputs outputs;
    outputs.count = batches.rows();
    outputs.width = element_count(network.output_shapes().at(index));
    outputs.values.resize(static_cast<std::size_t>(outputs.count * outputs.width));
    const Context bounded = within_memory(context, network.forward_bytes());
    Lanes lanes(backend, lanes_for(bounded, batches.count()));
    ordered_parallel(
        bounded, batches.count(),
        [&](int lane, std::int64_t i) {
            return lanes[lane].to_host(network.outputs(lanes[lane], parameters, batches.read(lanes[lane], i)).at(index).view());
        },
        [&](std::int64_t i, const std::vector<double>& values) {
            std::copy(values.begin(), values.end(), outputs.values.begin() + batches.first(i) * outputs.width);
        });
    return outputs;
}

void visit_forward(const Network& network, Backend& backend, ConstView parameters, const data::Rows& rows, const Context& context,
                   const std::function<void(std::int64_t first_row, const Tape&)>& visit) {
    const Batches batches(network, rows);
    const Context bounded = within_memory(context, 2 * network.forward_bytes());   // one at work, one waiting for its visit
    Lanes lanes(backend, lanes_for(bounded, batches.count()));
    ordered_parallel(
        bounded, batches.count(), [&](int lane, std::int64_t i) { return network.forward(lanes[lane], parameters, batches.read(lanes[lane], i)); },
        [&](std::int64_t i, const Tape& tape) { visit(batches.first(i), tape); });
}

LossGradient loss_gradient(const Network& network, Backend& backend, ConstView parameters, const data::Rows& rows, const Loss& loss,
                           const Context& context) {
    const std::int64_t width = loss_width(network, loss);
    return mean_over(network, backend, rows, context, [&](Backend& lane, const Batches& batches, std::int64_t i, Partial& partial) {
        Tape tape = network.forward(lane, parameters, batches.read(lane, i));
        const Head head(lane, network, tape, loss, labels_of(rows, batches.first(i), batches.size(i), loss, width));
        partial.loss = head.sum();
        const Buffer seed = head.gradient();
        network.backward(lane, tape, head.seeds(seed), partial.vector.view());
    });
}

std::vector<double> hessian_product(const Network& network, Backend& backend, ConstView parameters, const data::Rows& rows, const Loss& loss,
                                    std::span<const double> direction, const Context& context) {
    const std::int64_t width = loss_width(network, loss);
    const Buffer along = upload_direction(network, backend, direction);
    return mean_over(network, backend, rows, context, [&](Backend& lane, const Batches& batches, std::int64_t i, Partial& partial) {
        // Forward over reverse: the tangent of the gradient, with the loss's Hessian at the output (Pearlmutter 1994).
        Tape tape = network.forward(lane, parameters, batches.read(lane, i));
        const Head head(lane, network, tape, loss, labels_of(rows, batches.first(i), batches.size(i), loss, width));
        const Buffer seed = head.gradient();
        network.backward(lane, tape, head.seeds(seed), {});
        const std::vector<ConstView> tangents = network.forward_tangent(lane, tape, along.view());
        const Buffer seed_tangent = head.hessian_product(tangents.front());
        network.backward_tangent(lane, tape, head.seeds(seed_tangent), partial.vector.view());
    }).gradient;
}

std::vector<double> gauss_newton_product(const Network& network, Backend& backend, ConstView parameters, const data::Rows& rows, const Loss& loss,
                                         std::span<const double> direction, const Context& context) {
    const std::int64_t width = loss_width(network, loss);
    const Buffer along = upload_direction(network, backend, direction);
    return mean_over(network, backend, rows, context, [&](Backend& lane, const Batches& batches, std::int64_t i, Partial& partial) {
        // J^T H J v with J of the outputs and H of the loss (Schraudolph 2002).
        Tape tape = network.forward(lane, parameters, batches.read(lane, i));
        const Head head(lane, network, tape, loss, labels_of(rows, batches.first(i), batches.size(i), loss, width));
        const std::vector<ConstView> tangents = network.forward_tangent(lane, tape, along.view());
        const Buffer seed = head.hessian_product(tangents.front());
        network.backward(lane, tape, head.seeds(seed), partial.vector.view());
    }).gradient;
}

}  // namespace assay::engine
