#pragma once
// The loss at the first output of a micro-batch: its value and derivatives, as seeds of reverse passes.

#include "libanalysis/engine/loss.hpp"
#include "libanalysis/engine/tape.hpp"

#include <vector>

namespace assay::engine {

/// The width of the output that a loss looks at. @throws Error{unsupported} where a class loss meets more than one axis.
std::int64_t loss_width(const Network& network, const Loss& loss);

/// Read-only once made. Rows are not divided by their number: seeds are those of the sum of the losses.
class Head {
public:
    Head(Backend& lane, const Network& network, const Tape& tape, const Loss& loss, Labels labels);

    const Loss& loss() const { return loss_; }
    std::int64_t rows() const { return rows_; }
    std::int64_t width() const { return width_; }
    const Labels& labels() const { return labels_; }
    const std::vector<double>& outputs() const { return outputs_; }   ///< [rows, width]
    double sum() const;                                               ///< of the losses
    Buffer gradient(Backend& lane) const;                             ///< d loss / d output, [rows, width]
    Buffer hessian_product(Backend& lane, ConstView tangent) const;   ///< (d2 loss / d output2) tangent, row by row
    /// S u for a factor S S^T of the loss's Hessian; u: host, [rows, width].
    Buffer factor_product(Backend& lane, const std::vector<double>& u) const;
    std::vector<double> factor_transpose_product(const std::vector<double>& t) const;   ///< S' t
    Buffer seed(Backend& lane, const std::vector<double>& values) const;
    std::size_t bytes() const;

private:
    DType precision_;
    const Loss& loss_;
    std::int64_t rows_, width_;
    Labels labels_;
    std::vector<double> outputs_;
};

/// Seeds for all outputs of a network: the loss sees the first only.
std::vector<ConstView> seeds_of(const Network& network, const Buffer& first);

}  // namespace assay::engine
