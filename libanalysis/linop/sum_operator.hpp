#pragma once
// a A + b B.

#include "libanalysis/linop/linear_operator.hpp"

namespace assay::linop {

class SumOperator final : public LinearOperator {
public:
    /// `a` and `b` must outlive the operator. @throws Error{internal} when their sizes differ.
    SumOperator(double first_factor, const LinearOperator& first, double second_factor, const LinearOperator& second);
    std::size_t rows() const override { return first_.rows(); }
    std::size_t cols() const override { return first_.cols(); }
    bool symmetric() const override { return first_.symmetric() && second_.symmetric(); }
    bool single_precision() const override { return first_.single_precision() && second_.single_precision(); }
    void apply(std::span<const double> x, std::span<double> y) const override;
    void apply(std::span<const float> x, std::span<float> y) const override;
    void apply_transpose(std::span<const double> x, std::span<double> y) const override;
    /// The device of both, where they share one and its precision.
    engine::Backend* device() const override;
    void apply_on_device(engine::ConstView x, engine::View y) const override;

private:
    double first_factor_, second_factor_;
    const LinearOperator& first_;
    const LinearOperator& second_;
};

}  // namespace assay::linop
