#pragma once
// One table of tolerances. A comparison is written so that NaN fails. A test that departs from the table says why.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace assay::test {

template <class T>
constexpr double roundoff = 10 * static_cast<double>(std::numeric_limits<T>::epsilon());  ///< same mathematics, other order
constexpr double difference = 1e-6;  ///< derivative against central differences in double
constexpr double foreign = 1e-4;     ///< against another framework in float32, of the largest magnitude

/// |a - b| <= tolerance * max(|a|, |b|); NaN fails.
inline bool near_relative(double a, double b, double tolerance) {
    return std::abs(a - b) <= tolerance * std::max(std::abs(a), std::abs(b)) || a == b;
}

/// max |a - b| / max |b|; NaN when anything is NaN.
template <class A, class B>
double distance(const A& a, const B& b) {
    if (std::size(a) != std::size(b)) return std::numeric_limits<double>::quiet_NaN();
    double largest = 0, apart = 0;
    for (std::size_t i = 0; i < std::size(a); ++i) {
        const double d = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
        if (!(d >= 0)) return std::numeric_limits<double>::quiet_NaN();
        apart = std::max(apart, d);
        largest = std::max(largest, std::abs(static_cast<double>(b[i])));
    }
    return largest > 0 ? apart / largest : apart;
}

}  // namespace assay::test

#define EXPECT_NEAR_RELATIVE(a, b, tolerance) \
    EXPECT_TRUE(assay::test::near_relative((a), (b), (tolerance))) << #a " = " << (a) << ", " #b " = " << (b)
