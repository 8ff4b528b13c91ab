#pragma once
// A^T A or A A^T, whichever is smaller: symmetric, positive semi-definite, with the squared singular values of A.

#include "libanalysis/linop/linear_operator.hpp"

#include <vector>

namespace assay::linop {

class GramOperator final : public LinearOperator {
public:
    /// `a` must outlive the operator.
    explicit GramOperator(const LinearOperator& a);
    std::size_t rows() const override { return size_; }
    std::size_t cols() const override { return size_; }
    bool symmetric() const override { return true; }
    using LinearOperator::apply;
    void apply(std::span<const double> x, std::span<double> y) const override;
    void apply_transpose(std::span<const double> x, std::span<double> y) const override { apply(x, y); }

private:
    const LinearOperator& a_;
    bool inner_;                          ///< A^T A rather than A A^T
    std::size_t size_;
    mutable std::vector<double> middle_;  ///< A x: one thread at a time
};

}  // namespace assay::linop
