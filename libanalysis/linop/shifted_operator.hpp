#pragma once
// A - s I: the eigenvalues moved by s, the eigenvectors kept.

#include "libanalysis/linop/linear_operator.hpp"

namespace assay::linop {

class ShiftedOperator final : public LinearOperator {
public:
    /// `a` must outlive the operator. @throws Error{internal} unless it is square.
    ShiftedOperator(const LinearOperator& a, double shift);
    std::size_t rows() const override { return a_.rows(); }
    std::size_t cols() const override { return a_.cols(); }
    bool symmetric() const override { return a_.symmetric(); }
    bool single_precision() const override { return a_.single_precision(); }
    void apply(std::span<const double> x, std::span<double> y) const override;
    void apply(std::span<const float> x, std::span<float> y) const override;
    void apply_transpose(std::span<const double> x, std::span<double> y) const override;
    engine::Backend* device() const override { return a_.device(); }
    void apply_on_device(engine::ConstView x, engine::View y) const override;

private:
    const LinearOperator& a_;
    double shift_;
};

}  // namespace assay::linop
