#pragma once
// The rows and columns of a square operator in some index ranges: the curvature of one layer, or of a group of parameters. The
// ranges follow one another in the order given.

#include "libanalysis/linop/block.hpp"
#include "libanalysis/linop/linear_operator.hpp"

#include <vector>

namespace assay::linop {

class SubmatrixOperator final : public LinearOperator {
public:
    /// `a` must outlive the operator. @throws Error{internal} unless it is square and the ranges lie within it without overlap.
    SubmatrixOperator(const LinearOperator& a, std::vector<Block> ranges);
    std::size_t rows() const override { return size_; }
    std::size_t cols() const override { return size_; }
    bool symmetric() const override { return a_.symmetric(); }
    bool single_precision() const override { return a_.single_precision(); }
    void apply(std::span<const double> x, std::span<double> y) const override;
    void apply(std::span<const float> x, std::span<float> y) const override;
    void apply_transpose(std::span<const double> x, std::span<double> y) const override;
    engine::Backend* device() const override { return a_.device(); }
    void apply_on_device(engine::ConstView x, engine::View y) const override;

private:
    template <class Copy> void each_range(Copy&& copy) const;
    template <class T, class Product> void within(std::span<const T> x, std::span<T> y, Product&& product) const;

    const LinearOperator& a_;
    std::vector<Block> ranges_;
    std::size_t size_ = 0;
};

}  // namespace assay::linop
