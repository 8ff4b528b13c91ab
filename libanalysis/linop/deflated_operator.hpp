#pragma once
// A - sum_i lambda_i v_i v_i^T: known eigenpairs taken out, so that the spectrum of the rest shows. For unit eigenvectors their
// eigenvalues become zero and all others stay. The known vectors, and with them all of its vectors, lie on the host.

#include "libanalysis/linop/linear_operator.hpp"

#include <vector>

namespace assay::linop {

class DeflatedOperator final : public LinearOperator {
public:
    /// `a` must outlive the operator. @throws Error{internal} unless it is symmetric, the numbers of values and vectors agree and every
    /// vector has as many values as `a` has rows.
    DeflatedOperator(const LinearOperator& a, std::vector<double> values, std::vector<std::vector<double>> vectors);
    std::size_t rows() const override { return a_.rows(); }
    std::size_t cols() const override { return a_.cols(); }
    bool symmetric() const override { return true; }
    bool single_precision() const override { return a_.single_precision(); }
    void apply(std::span<const double> x, std::span<double> y) const override;
    void apply(std::span<const float> x, std::span<float> y) const override;
    void apply_transpose(std::span<const double> x, std::span<double> y) const override { apply(x, y); }

private:
    const LinearOperator& a_;
    std::vector<double> values_;
    std::vector<std::vector<double>> vectors_;
};

}  // namespace assay::linop
