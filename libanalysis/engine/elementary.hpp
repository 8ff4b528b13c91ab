#pragma once
// exp, expm1 and tanh without branches, so that compilers turn loops over them into vector code (a library call per element
// costs more than the layers around it). Within 4 units in the last place of the exact value; NaN gives NaN; infinities and
// the tails are those of the functions. Devices have their own.
//
// exp(x) = 2^k e^r with k = round(x / log 2) and |r| <= log(2) / 2, where the Taylor series of e^r is exact to rounding after
// 7 terms in float32 and 13 in float64.

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

#if defined(__CUDACC__)
#define ASSAY_HOST_DEVICE __host__ __device__
#else
#define ASSAY_HOST_DEVICE
#endif

namespace assay::engine::elementary {

template <class T> struct Format;

template <>
struct Format<float> {
    using Integer = std::int32_t;
    static constexpr int mantissa = 23, bias = 127;
    static constexpr float round_shift = 12582912.0f;            ///< 1.5 * 2^23: adding it rounds to an integer
    static constexpr float log2_high = 0.693359375f;              ///< few bits, so that k times it is exact
    static constexpr float log2_low = -2.12194440e-4f;            ///< log 2 minus the above
    static constexpr float overflow = 105.0f;                     ///< beyond it exp is infinite, or 0 on the other side
    static constexpr float tanh_one = 9.5f;                       ///< beyond it tanh rounds to 1
    static float series(float r) {                                ///< (e^r - 1 - r) / r^2
        return 0.5f + r * (1 / 6.0f + r * (1 / 24.0f + r * (1 / 120.0f + r * (1 / 720.0f + r * (1 / 5040.0f)))));
    }
};

template <>
struct Format<double> {
    using Integer = std::int64_t;
    static constexpr int mantissa = 52, bias = 1023;
    static constexpr double round_shift = 6755399441055744.0;     ///< 1.5 * 2^52
    static constexpr double log2_high = 0.693145751953125;
    static constexpr double log2_low = 1.42860682030941723212e-6;
    static constexpr double overflow = 746.0;
    static constexpr double tanh_one = 20.0;
    static double series(double r) {
        return 0.5 + r * (1 / 6.0 + r * (1 / 24.0 + r * (1 / 120.0 + r * (1 / 720.0 + r * (1 / 5040.0 + r * (1 / 40320.0 + r * (1 / 362880.0 +
               r * (1 / 3628800.0 + r * (1 / 39916800.0 + r * (1 / 479001600.0 + r * (1 / 6227020800.0)))))))))));
    }
};

/// x = k log 2 + r.
template <class T>
struct Reduced {
    T k;   ///< a whole number
    T r;
    explicit Reduced(T x) {
        using F = Format<T>;
        k = (x * T(1.44269504088896340736) + F::round_shift) - F::round_shift;
        r = (x - k * F::log2_high) - k * F::log2_low;
    }
};

/// 2^k for normal results: k moves from the lowest bits of a shifted number into the exponent.
template <class T>
inline T power_of_two(T k) {
    using Bits = std::make_unsigned_t<typename Format<T>::Integer>;
    const Bits shifted = std::bit_cast<Bits>(k + (Format<T>::round_shift + T(Format<T>::bias)));
    return std::bit_cast<T>(static_cast<Bits>(shifted << Format<T>::mantissa));
}

/// e^x - 1 for |x| where 2^k is normal: float32 -87 .. 88, float64 -708 .. 709.
template <class T>
inline T expm1_inside(T x) {
    const Reduced<T> y(x);
    const T scale = power_of_two(y.k);
    const T m = y.r + y.r * y.r * Format<T>::series(y.r);
    return scale * m + (scale - T(1));
}

template <class T>
inline ASSAY_HOST_DEVICE T exp(T x) {
#if defined(__CUDA_ARCH__)
    return std::exp(x);
#else
    using F = Format<T>;
    const T inside = x > F::overflow ? F::overflow : x < -F::overflow ? -F::overflow : x;
    const Reduced<T> y(inside);
    // Two halves of the power, so that neither over- nor underflows before the result does.
    const T half = (T(0.5) * y.k + F::round_shift) - F::round_shift;
    const T m = T(1) + (y.r + y.r * y.r * F::series(y.r));
    return (m * power_of_two(half)) * power_of_two(y.k - half);
#endif
}

/// e^x - 1 for x <= 0.
template <class T>
inline ASSAY_HOST_DEVICE T expm1_negative(T x) {
#if defined(__CUDA_ARCH__)
    return std::expm1(x);
#else
    return expm1_inside(x < T(-60) ? T(-60) : x);   // e^-60 is below the rounding of 1
#endif
}

template <class T>
inline ASSAY_HOST_DEVICE T tanh(T x) {
#if defined(__CUDA_ARCH__)
    return std::tanh(x);
#else
    const T size = std::abs(x), inside = size > Format<T>::tanh_one ? Format<T>::tanh_one : size;
    const T m = expm1_inside(T(2) * inside);
    return std::copysign(m / (m + T(2)), x);
#endif
}

}  // namespace assay::engine::elementary
