#pragma once
// A stored matrix as an operator: single or double precision values, products in double.

#include "libanalysis/linop/linear_operator.hpp"

#include <variant>

namespace assay::linop {

/// Values of a row-major matrix; not owned.
using MatrixView = std::variant<std::span<const float>, std::span<const double>>;

class MatrixOperator final : public LinearOperator {
public:
    /// `values` must outlive the operator. @throws Error{internal} when their number is not rows * cols.
    MatrixOperator(MatrixView values, std::size_t rows, std::size_t cols);
    std::size_t rows() const override { return rows_; }
    std::size_t cols() const override { return cols_; }
    bool symmetric() const override { return false; }
    using LinearOperator::apply;
    void apply(std::span<const double> x, std::span<double> y) const override;
    void apply_transpose(std::span<const double> x, std::span<double> y) const override;

private:
    MatrixView values_;
    std::size_t rows_, cols_;
};

}  // namespace assay::linop
