#pragma once
// A layer that is affine in its input, as the linear operator it applies to one sample: x -> layer(x) - layer(0). For a
// convolution that is the operator with its stride, dilation, groups and padding at the layer's real input size.

#include "libanalysis/engine/layer.hpp"
#include "libanalysis/linop/linear_operator.hpp"

#include <vector>

namespace assay::linop {

class LayerOperator final : public LinearOperator {
public:
    /// Products run on `lane`, in the precision of `parameters`; biases are left out by empty views. Layer, lane and parameters
    /// must outlive the operator. `input`: shape of one row.
    LayerOperator(engine::Backend& lane, const engine::Layer& layer, const Shape& input, std::vector<engine::ConstView> parameters,
                  engine::DType precision);
    std::size_t rows() const override { return output_.size(); }
    std::size_t cols() const override { return input_.size(); }
    bool symmetric() const override { return false; }
    using LinearOperator::apply;
    void apply(std::span<const double> x, std::span<double> y) const override;
    void apply_transpose(std::span<const double> x, std::span<double> y) const override;

private:
    void upload(std::span<const double> host, engine::Buffer& to) const;
    void download(const engine::Buffer& from, std::span<double> host) const;

    engine::Backend& lane_;
    const engine::Layer& layer_;
    std::vector<engine::ConstView> parameters_;
    engine::DType precision_;
    // One thread at a time, as the lane itself.
    mutable engine::Buffer input_, output_;
    mutable std::vector<engine::Buffer> saved_;
    mutable std::vector<float> host_;
};

}  // namespace assay::linop
