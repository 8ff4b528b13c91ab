#pragma once
// y = A x. Networks' curvature, layer matrices and convolutions are all operators, so that one Lanczos serves them all.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/backend.hpp"

#include <cstddef>
#include <span>
#include <vector>

namespace assay::linop {

class LinearOperator {
public:
    virtual ~LinearOperator() = default;
    virtual std::size_t rows() const = 0;
    virtual std::size_t cols() const = 0;
    virtual bool symmetric() const = 0;
    virtual void apply(std::span<const double> x, std::span<double> y) const = 0;            ///< y [rows] = A x [cols]
    virtual void apply_transpose(std::span<const double> x, std::span<double> y) const = 0;  ///< y [cols] = A^T x [rows]
    /// The same product for vectors in single precision. By default through doubles; operators that compute in single
    /// precision save the conversion.
    virtual void apply(std::span<const float> x, std::span<float> y) const {
        const std::vector<double> wide(x.begin(), x.end());
        std::vector<double> result(y.size());
        apply(wide, result);
        for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<float>(result[i]);
    }
    /// The precision in which products are computed is double (the default) or single: a basis of vectors needs no more.
    virtual bool single_precision() const { return false; }
    /// The backend in whose memory vectors of the operator belong when that is not the host's; null: the host. Products of host
    /// vectors work all the same.
    virtual engine::Backend* device() const { return nullptr; }
    /// y [rows] = A x [cols] for vectors in that memory, of the precision of products; where there is a device(). It may not have run
    /// when the call returns.
    virtual void apply_on_device(engine::ConstView, engine::View) const {
        throw Error(ErrorKind::internal, {"product on a device", "an operator that computes on one", "one of the host"});
    }
};

}  // namespace assay::linop
