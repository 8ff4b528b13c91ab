#pragma once
// The products of a run: counted, timed, and stoppable.

#include "libanalysis/linop/linear_operator.hpp"

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
    template <class T>
    void apply(std::span<const T> x, std::span<T> y) {
        if (poll_) poll_();
        const Clock::time_point start = Clock::now();
        a_.apply(x, y);
        seconds_ += seconds_since(start);
        ++count_;
    }
    std::size_t count() const { return count_; }
    double seconds() const { return seconds_; }   ///< inside the operator

private:
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
