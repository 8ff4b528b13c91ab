#pragma once
// a A.

#include "libanalysis/linop/linear_operator.hpp"

namespace assay::linop {

class ScaledOperator final : public LinearOperator {
public:
    /// `a` must outlive the operator.
    ScaledOperator(double factor, const LinearOperator& a) : factor_(factor), a_(a) {}
    std::size_t rows() const override { return a_.rows(); }
    std::size_t cols() const override { return a_.cols(); }
    bool symmetric() const override { return a_.symmetric(); }
    bool single_precision() const override { return a_.single_precision(); }
    void apply(std::span<const double> x, std::span<double> y) const override { a_.apply(x, y), scale(y); }
    void apply(std::span<const float> x, std::span<float> y) const override { a_.apply(x, y), scale(y); }
    void apply_transpose(std::span<const double> x, std::span<double> y) const override { a_.apply_transpose(x, y), scale(y); }
    engine::Backend* device() const override { return a_.device(); }
    void apply_on_device(engine::ConstView x, engine::View y) const override { a_.apply_on_device(x, y), a_.device()->scale(factor_, y); }

private:
    template <class T>
    void scale(std::span<T> y) const {
        for (T& v : y) v = static_cast<T>(factor_ * static_cast<double>(v));
    }

    double factor_;
    const LinearOperator& a_;
};

}  // namespace assay::linop
