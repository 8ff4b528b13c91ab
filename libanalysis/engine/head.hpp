#pragma once
// The loss at the first output of a micro-batch: its value and derivatives, as seeds of reverse passes. On a device other than the
// host the outputs stay there, and so do the seeds; what asks for host arrays waits for them.

#include "libanalysis/engine/loss.hpp"
#include "libanalysis/engine/tape.hpp"

#include <vector>

namespace assay::engine {

/// The width of the output that a loss looks at. @throws Error{unsupported} where a class loss meets more than one axis.
std::int64_t loss_width(const Network& network, const Loss& loss);

/// Read-only once made, but for host copies of a device's outputs, so used by one thread at a time. Rows are not divided by their
/// number: seeds are those of the sum of the losses. Lanes are of the device that it was made on.
class Head {
public:
    Head(Backend& lane, const Network& network, const Tape& tape, const Loss& loss, Labels labels);

    const Loss& loss() const { return loss_; }
    std::int64_t rows() const { return rows_; }
    std::int64_t width() const { return width_; }
    const Labels& labels() const { return labels_; }
    const std::vector<double>& outputs(Backend& lane) const;          ///< [rows, width] on the host
    double sum(Backend& lane) const;                                  ///< of the losses, on the host
    Buffer gradient(Backend& lane) const;                             ///< d loss / d output, [rows, width]
    Buffer hessian_product(Backend& lane, ConstView tangent) const;   ///< (d2 loss / d output2) tangent, row by row
    Buffer factored_product(Backend& lane, ConstView tangent) const;  ///< the same through a factor: S (S^T tangent)
    Buffer seed(Backend& lane, const std::vector<double>& values) const;
    std::size_t bytes() const;                                        ///< held where the device's memory is

private:
    std::size_t size() const { return static_cast<std::size_t>(rows_ * width_); }
    LossOnDevice::Rows shape() const { return {rows_, width_}; }
    Buffer rounded(Backend& lane, Buffer wide) const;
    using DeviceProduct = decltype(LossOnDevice::hessian_product);
    Buffer device_product(Backend& lane, DeviceProduct product, ConstView tangent) const;

    DType precision_;
    const Loss& loss_;
    std::int64_t rows_, width_;
    Labels labels_;
    mutable std::vector<double> outputs_;
    Buffer wide_outputs_, curvature_;   // on a device: the outputs in float64, and what products read of them
};

/// Seeds for all outputs of a network: the loss sees the first only.
std::vector<ConstView> seeds_of(const Network& network, const Buffer& first);

}  // namespace assay::engine
