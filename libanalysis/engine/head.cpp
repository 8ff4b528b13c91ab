#include "libanalysis/engine/head.hpp"

#include "libanalysis/core/error.hpp"

#include <utility>

namespace assay::engine {

std::int64_t loss_width(const Network& network, const Loss& loss) {
    const Shape& shape = network.output_shapes().front();
    if (loss.class_labels && shape.size() != 1) {
        throw Error(ErrorKind::unsupported, {"loss " + std::string(loss.name), "an output with one axis", "an output of shape " + assay::to_string(shape)});
    }
    return element_count(shape);
}

Head::Head(Backend& lane, const Network& network, const Tape& tape, const Loss& loss, Labels labels)
    : precision_(network.options().precision), loss_(loss), rows_(tape.batch()), width_(loss_width(network, loss)), labels_(std::move(labels)),
      outputs_(lane.to_host(tape.network_output(0))) {}

double Head::sum() const {
    std::vector<double> losses(static_cast<std::size_t>(rows_));
    loss_.value(outputs_, rows_, width_, labels_, losses);
    double total = 0;
    for (const double value : losses) total += value;
    return total;
}

Buffer Head::seed(Backend& lane, const std::vector<double>& values) const { return lane.from_host(values, precision_); }

Buffer Head::gradient(Backend& lane) const {
    std::vector<double> values(outputs_.size());
    loss_.gradient(outputs_, rows_, width_, labels_, values);
    return seed(lane, values);
}

Buffer Head::hessian_product(Backend& lane, ConstView tangent) const {
    std::vector<double> values(outputs_.size());
    if (!tangent.empty()) loss_.hessian_product(outputs_, rows_, width_, labels_, lane.to_host(tangent), values);
    return seed(lane, values);
}

Buffer Head::factor_product(Backend& lane, const std::vector<double>& u) const {
    std::vector<double> values(outputs_.size());
    loss_.factor_product(outputs_, rows_, width_, labels_, u, values);
    return seed(lane, values);
}

std::vector<double> Head::factor_transpose_product(const std::vector<double>& t) const {
    std::vector<double> values(outputs_.size());
    loss_.factor_transpose_product(outputs_, rows_, width_, labels_, t, values);
    return values;
}

std::size_t Head::bytes() const {
    return sizeof(double) * (outputs_.size() + labels_.targets.size()) + sizeof(std::int64_t) * labels_.classes.size();
}

std::vector<ConstView> seeds_of(const Network& network, const Buffer& first) {
    std::vector<ConstView> all(network.output_names().size());
    all[0] = first.view();
    return all;
}

}  // namespace assay::engine
