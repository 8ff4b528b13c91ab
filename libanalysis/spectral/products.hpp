#pragma once
// The products of a run: counted, timed, and stoppable.

#include "libanalysis/linop/linear_operator.hpp"
#include "libanalysis/spectral/basis.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <span>

namespace assay::spectral {

using Clock = std::chrono::steady_clock;
inline double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

class Products {
public:
    /// Both must outlive it. `poll` may be empty; it runs before every product.
    Products(const linop::LinearOperator& a, const std::function<void()>& poll) : a_(a), poll_(poll) {}
    std::size_t size() const { return a_.rows(); }
    const linop::LinearOperator& of() const { return a_; }
    template <class T>
    void apply(std::span<const T> x, std::span<T> y) {
        timed([&] { a_.apply(x, y); });
    }
    /// Vector j of the basis becomes A times its vector i.
    template <class T>
    void apply(Basis<T>& basis, std::size_t i, std::size_t j) {
        timed([&] {
            basis.multiply(a_, i, j);
            if (engine::Backend* device = a_.device()) device->synchronize();
        });
    }
    std::size_t count() const { return count_; }
    double seconds() const { return seconds_; }   ///< inside the operator

private:
    template <class Product>
    void timed(Product&& product) {
        if (poll_) poll_();
        const Clock::time_point start = Clock::now();
        product();
        seconds_ += seconds_since(start);
        ++count_;
    }

    const linop::LinearOperator& a_;
    const std::function<void()>& poll_;
    std::size_t count_ = 0;
    double seconds_ = 0;
};

/// @throws Error{internal} unless `a` is symmetric and of at least `least` rows.
void require_symmetric(const linop::LinearOperator& a, std::size_t least, const char* where);
/// @throws Error{data} for NaN and infinity: a product of an operator was not finite.
void require_finite(double value, const char* where);

}  // namespace assay::spectral
