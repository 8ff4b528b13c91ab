#pragma once
// An operator that counts and times its products: what a solver spends is seen from outside it.

#include "libanalysis/linop/linear_operator.hpp"

#include <chrono>

namespace assay::curvature {

class Counted final : public linop::LinearOperator {
public:
    explicit Counted(const linop::LinearOperator& a) : a_(a) {}
    std::size_t rows() const override { return a_.rows(); }
    std::size_t cols() const override { return a_.cols(); }
    bool symmetric() const override { return a_.symmetric(); }
    bool single_precision() const override { return a_.single_precision(); }
    void apply(std::span<const double> x, std::span<double> y) const override { timed([&] { a_.apply(x, y); }); }
    void apply(std::span<const float> x, std::span<float> y) const override { timed([&] { a_.apply(x, y); }); }
    void apply_transpose(std::span<const double> x, std::span<double> y) const override { timed([&] { a_.apply_transpose(x, y); }); }
    engine::Backend* device() const override { return a_.device(); }
    void apply_on_device(engine::ConstView x, engine::View y) const override {
        timed([&] {
            a_.apply_on_device(x, y);
            a_.device()->synchronize();   // it is timed
        });
    }

    std::size_t products() const { return products_; }
    double first_seconds() const { return first_; }   ///< of the first product, which also fills the cache
    /// Mean of the others; of the first where there is no other.
    double mean_seconds() const { return products_ > 1 ? others_ / static_cast<double>(products_ - 1) : first_; }

private:
    template <class Product>
    void timed(Product&& product) const {
        const auto start = std::chrono::steady_clock::now();
        product();
        (products_++ == 0 ? first_ : others_) += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }
    const linop::LinearOperator& a_;
    mutable std::size_t products_ = 0;
    mutable double first_ = 0, others_ = 0;
};

}  // namespace assay::curvature
