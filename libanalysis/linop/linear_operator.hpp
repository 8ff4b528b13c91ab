#pragma once
// y = A x. Networks' curvature, layer matrices and convolutions are all operators, so that one Lanczos serves them all.

#include <cstddef>
#include <span>

namespace assay::linop {

class LinearOperator {
public:
    virtual ~LinearOperator() = default;
    virtual std::size_t rows() const = 0;
    virtual std::size_t cols() const = 0;
    virtual bool symmetric() const = 0;
    virtual void apply(std::span<const double> x, std::span<double> y) const = 0;            ///< y [rows] = A x [cols]
    virtual void apply_transpose(std::span<const double> x, std::span<double> y) const = 0;  ///< y [cols] = A^T x [rows]
};

}  // namespace assay::linop
