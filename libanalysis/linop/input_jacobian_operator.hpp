#pragma once
// The Jacobian of the outputs by the inputs at fixed weights, for all rows of a primal: block diagonal, one block [width, input]
// for each row. Two forward units to apply it or its transpose; the primal's values are cached as for curvature.

#include "libanalysis/engine/primal.hpp"
#include "libanalysis/linop/linear_operator.hpp"

namespace assay::linop {

class InputJacobianOperator final : public LinearOperator {
public:
    /// The first output by the only input; vectors hold row after row, in the order of the primal's rows. `primal` must outlive it.
    /// @throws Error{unsupported} for a network with several inputs or with indices as input.
    explicit InputJacobianOperator(const engine::Primal& primal);
    std::size_t rows() const override { return count_ * width_; }
    std::size_t cols() const override { return count_ * input_; }
    bool symmetric() const override { return false; }
    using LinearOperator::apply;
    void apply(std::span<const double> x, std::span<double> y) const override;
    void apply_transpose(std::span<const double> x, std::span<double> y) const override;

private:
    const engine::Primal& primal_;
    std::size_t count_, width_, input_;   // rows of the data; values of one row's output and input
};

}  // namespace assay::linop
