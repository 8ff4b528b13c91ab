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
    : precision_(network.options().precision), loss_(loss), rows_(tape.batch()), width_(loss_width(network, loss)), labels_(std::move(labels)) {
    const ConstView outputs = tape.network_output(0);
    if (lane.on_host()) {
        outputs_ = lane.to_host(outputs);
        return;
    }
    wide_outputs_ = lane.allocate(DType::float64, size());
    lane.copy(outputs, wide_outputs_.view());
    curvature_ = loss_.on_device.curvature(lane, shape(), wide_outputs_.const_view());
}

const std::vector<double>& Head::outputs(Backend& lane) const {
    if (outputs_.empty()) outputs_ = lane.to_host(wide_outputs_.const_view());
    return outputs_;
}

double Head::sum(Backend& lane) const {
    std::vector<double> losses(static_cast<std::size_t>(rows_));
    loss_.value(outputs(lane), rows_, width_, labels_, losses);
    double total = 0;
    for (const double value : losses) total += value;
    return total;
}

Buffer Head::seed(Backend& lane, const std::vector<double>& values) const { return lane.from_host(values, precision_); }

Buffer Head::gradient(Backend& lane) const {
    if (!wide_outputs_.empty()) {
        Buffer wide = lane.allocate(DType::float64, size());
        loss_.on_device.gradient(lane, shape(), wide_outputs_.const_view(), curvature_.const_view(), labels_, wide.view());
        return rounded(lane, std::move(wide));
    }
    std::vector<double> values(outputs_.size());
    loss_.gradient(outputs_, rows_, width_, labels_, values);
    return seed(lane, values);
}

Buffer Head::hessian_product(Backend& lane, ConstView tangent) const {
    if (!wide_outputs_.empty()) return device_product(lane, loss_.on_device.hessian_product, tangent);
    std::vector<double> values(outputs_.size());
    if (!tangent.empty()) loss_.hessian_product(outputs_, rows_, width_, labels_, lane.to_host(tangent), values);
    return seed(lane, values);
}

Buffer Head::factored_product(Backend& lane, ConstView tangent) const {
    if (!wide_outputs_.empty()) return device_product(lane, loss_.on_device.factored_product, tangent);
    std::vector<double> values(outputs_.size()), moved(outputs_.size());
    if (!tangent.empty()) {
        loss_.factor_transpose_product(outputs_, rows_, width_, labels_, lane.to_host(tangent), moved);
        loss_.factor_product(outputs_, rows_, width_, labels_, moved, values);
    }
    return seed(lane, values);
}

/// Seeds made in float64, in the network's precision.
Buffer Head::rounded(Backend& lane, Buffer wide) const {
    if (precision_ == DType::float64) return wide;
    Buffer result = lane.allocate(precision_, size());
    lane.copy(wide.const_view(), result.view());
    return result;
}

Buffer Head::device_product(Backend& lane, DeviceProduct product, ConstView tangent) const {
    if (tangent.empty()) return lane.zeros(precision_, size());
    Buffer wide = lane.allocate(DType::float64, size()), t;
    if (tangent.type != DType::float64) {
        t = lane.allocate(DType::float64, size());
        lane.copy(tangent, t.view());
        tangent = t.const_view();
    }
    product(lane, shape(), curvature_.const_view(), tangent, wide.view());
    return rounded(lane, std::move(wide));
}

std::size_t Head::bytes() const {
    if (!wide_outputs_.empty()) return wide_outputs_.bytes() + curvature_.bytes();
    return sizeof(double) * (outputs_.size() + labels_.targets.size()) + sizeof(std::int64_t) * labels_.classes.size();
}

std::vector<ConstView> seeds_of(const Network& network, const Buffer& first) {
    std::vector<ConstView> all(network.output_names().size());
    all[0] = first.view();
    return all;
}

}  // namespace assay::engine
