#include "libanalysis/engine/elementary.hpp"

#include "libanalysis/engine/backend.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <vector>

namespace assay::test {

namespace {

namespace elementary = engine::elementary;

/// |a - b| in units of the last place of b.
template <class T>
double units(T a, long double b) {
    const T rounded = static_cast<T>(b);
    if (a == rounded) return 0;
    const T spacing = std::max(std::abs(std::nextafter(rounded, std::numeric_limits<T>::infinity()) - rounded), std::numeric_limits<T>::denorm_min());
    return static_cast<double>(std::abs(static_cast<long double>(a) - b) / static_cast<long double>(spacing));
}

/// Numbers of either sign from the smallest denormal to the largest finite one, dense where the functions bend.
template <class T>
std::vector<T> points() {
    std::vector<T> result{0, std::numeric_limits<T>::denorm_min(), std::numeric_limits<T>::min(), std::numeric_limits<T>::max()};
    for (double size = 1e-30; size < 1e30; size *= 1.01) result.push_back(static_cast<T>(size));
    for (double x = 0; x < 800; x += 0.0137) result.push_back(static_cast<T>(x));
    const std::size_t positive = result.size();
    for (std::size_t i = 0; i < positive; ++i) result.push_back(-result[i]);
    return result;
}

template <class T>
class Elementary : public testing::Test {};
using Precisions = testing::Types<float, double>;
TYPED_TEST_SUITE(Elementary, Precisions);

TYPED_TEST(Elementary, IsWithinFourUnitsOfTheExactValue) {
    for (const TypeParam x : points<TypeParam>()) {
        const long double exact = static_cast<long double>(x);
        EXPECT_LE(units(elementary::exp(x), std::exp(exact)), 4) << "exp " << x;
        EXPECT_LE(units(elementary::tanh(x), std::tanh(exact)), 4) << "tanh " << x;
        const TypeParam below = -std::abs(x);
        EXPECT_LE(units(elementary::expm1_negative(below), std::expm1(static_cast<long double>(below))), 4) << "expm1 " << below;
    }
}

// The loops of the backend are compiled for other instruction sets than this file.
TYPED_TEST(Elementary, IsAsGoodInTheLoopsOfTheBackend) {
    const engine::DType type = sizeof(TypeParam) == 4 ? engine::DType::float32 : engine::DType::float64;
    const std::vector<TypeParam> x = points<TypeParam>();
    std::vector<TypeParam> y(x.size());
    const auto backend = engine::make_cpu_backend();
    engine::Buffer buffer = backend->allocate(type, x.size());
    backend->upload(x.data(), buffer.view());
    backend->map(engine::Pointwise::tanh, 0, buffer.view(), buffer.view());
    backend->download(buffer.const_view(), y.data());
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_LE(units(y[i], std::tanh(static_cast<long double>(x[i]))), 4) << x[i];
}

TYPED_TEST(Elementary, HasTheLimitsOfTheFunctions) {
    using Limits = std::numeric_limits<TypeParam>;
    EXPECT_EQ(elementary::exp(Limits::infinity()), Limits::infinity());
    EXPECT_EQ(elementary::exp(-Limits::infinity()), 0);
    EXPECT_EQ(elementary::exp(TypeParam(0)), 1);
    EXPECT_EQ(elementary::tanh(Limits::infinity()), 1);
    EXPECT_EQ(elementary::tanh(-Limits::infinity()), -1);
    EXPECT_TRUE(std::signbit(elementary::tanh(TypeParam(-0.0))));
    EXPECT_EQ(elementary::expm1_negative(-Limits::infinity()), -1);
    for (const TypeParam value : {elementary::exp(Limits::quiet_NaN()), elementary::tanh(Limits::quiet_NaN()), elementary::expm1_negative(Limits::quiet_NaN())}) {
        EXPECT_TRUE(std::isnan(value));
    }
}

}  // namespace

}  // namespace assay::test
