#pragma once
// The functions of the Pointwise list as functors that a host or a device compiler can take: value, first and second
// derivative, each finite in the tails where its limit is finite (for finite arguments). A NaN argument gives a NaN value.

#include "libanalysis/engine/backend.hpp"
#include "libanalysis/engine/elementary.hpp"

#include <cmath>

namespace assay::engine::pointwise {

/// The parameters of a function in its precision.
template <class T>
struct Parameters {
    T alpha{}, beta{}, gamma{};
    Parameters() = default;
    explicit Parameters(const PointwiseParameters& p) : alpha(static_cast<T>(p.alpha)), beta(static_cast<T>(p.beta)), gamma(static_cast<T>(p.gamma)) {}
};

struct Linear {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return x; }
    template <class T> static ASSAY_HOST_DEVICE T first(T, const Parameters<T>& = {}) { return T(1); }
    template <class T> static ASSAY_HOST_DEVICE T second(T, const Parameters<T>& = {}) { return T(0); }
};

struct Relu {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return x < T(0) ? T(0) : x; }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) { return x > T(0) ? T(1) : T(0); }
    template <class T> static ASSAY_HOST_DEVICE T second(T, const Parameters<T>& = {}) { return T(0); }
};

/// min(x, gamma) for x > beta, alpha (x - beta) otherwise: leaky, capped and shifted.
struct GeneralRelu {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& p) {
        const T below = p.alpha == T(0) && x == x ? T(0) : p.alpha * (x - p.beta), above = x > p.gamma ? p.gamma : x;
        return x > p.beta ? above : below;
    }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& p) { return x > p.beta ? (x > p.gamma ? T(0) : T(1)) : p.alpha; }
    template <class T> static ASSAY_HOST_DEVICE T second(T, const Parameters<T>&) { return T(0); }
};

struct Tanh {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return elementary::tanh(x); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) {
        const T t = elementary::tanh(x);
        return (T(1) - t) * (T(1) + t);
    }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) {
        const T t = elementary::tanh(x);
        return T(-2) * t * (T(1) - t) * (T(1) + t);
    }
};

struct Sigmoid {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return T(1) / (T(1) + elementary::exp(-x)); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) { return value(x) * value(-x); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) {
        const T s = value(x), r = value(-x);
        return s * r * (r - s);
    }
};

/// x for x > 0, alpha (e^x - 1) otherwise.
struct Elu {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& p = {}) { return x > T(0) ? x : p.alpha * elementary::expm1_negative(x); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& p = {}) { return x > T(0) ? T(1) : p.alpha * elementary::exp(x); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& p = {}) { return x >= T(0) ? T(0) : p.alpha * elementary::exp(x); }
};

/// beta x for x > 0, beta alpha (e^(gamma x) - 1) otherwise, gamma > 0: SELU (Klambauer et al. 2017) and CELU (Barron 2017).
struct ScaledElu {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& p) {
        return p.beta * (x > T(0) ? x : p.alpha * elementary::expm1_negative(p.gamma * x));
    }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& p) {
        return p.beta * (x > T(0) ? T(1) : p.alpha * p.gamma * elementary::exp(p.gamma * x));
    }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& p) {
        return x >= T(0) ? T(0) : p.beta * p.alpha * p.gamma * p.gamma * elementary::exp(p.gamma * x);
    }
};

/// x Phi(x), with the normal distribution function (Hendrycks and Gimpel 2016).
struct Gelu {
    template <class T> static ASSAY_HOST_DEVICE T distribution(T x) { return T(0.5) * std::erfc(-x * T(0.70710678118654752440)); }
    template <class T> static ASSAY_HOST_DEVICE T density(T x) { return T(0.39894228040143267794) * elementary::exp(T(-0.5) * x * x); }
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return x * distribution(x); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) { return distribution(x) + x * density(x); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) {
        const T d = density(x);
        return d == T(0) ? d : d * (T(2) - x * x);
    }
};

/// The tanh approximation of Gelu: x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3).
struct GeluTanh {
    template <class T> static ASSAY_HOST_DEVICE T u(T x) { return T(0.79788456080286535588) * (x + T(0.044715) * x * x * x); }
    template <class T> static ASSAY_HOST_DEVICE T du(T x) { return T(0.79788456080286535588) * (T(1) + T(3 * 0.044715) * x * x); }
    template <class T> static ASSAY_HOST_DEVICE T ddu(T x) { return T(0.79788456080286535588 * 6 * 0.044715) * x; }
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return T(0.5) * x * (T(1) + elementary::tanh(u(x))); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) {
        const T t = elementary::tanh(u(x)), slope = (T(1) - t) * (T(1) + t);
        if (slope == T(0)) return T(0.5) * (T(1) + t);   // du may be infinite here
        return T(0.5) * (T(1) + t) + T(0.5) * x * slope * du(x);
    }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) {
        const T t = elementary::tanh(u(x)), slope = (T(1) - t) * (T(1) + t);
        if (slope == T(0)) return T(0);
        return slope * (du(x) + T(0.5) * x * (ddu(x) - T(2) * t * du(x) * du(x)));
    }
};

/// log(1 + e^x).
struct Softplus {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return (x > T(0) ? x : T(0)) + std::log1p(elementary::exp(-std::abs(x))); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) { return Sigmoid::value(x); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) { return Sigmoid::first(x); }
};

/// -log(1 + e^-x).
struct LogSigmoid {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return -Softplus::value(-x); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) { return Sigmoid::value(-x); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) { return -Sigmoid::first(x); }
};

/// x / (1 + |x|).
struct Softsign {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return x / (T(1) + std::abs(x)); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) {
        const T r = T(1) / (T(1) + std::abs(x));
        return r * r;
    }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) {
        const T r = T(1) / (T(1) + std::abs(x));
        return (x > T(0) ? T(-2) : x < T(0) ? T(2) : T(0)) * r * r * r;
    }
};

/// (x + sqrt(x^2 + alpha^2)) / 2 (Barron 2021).
struct Squareplus {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& p) {
        const T root = std::hypot(x, p.alpha);
        return x > T(0) ? T(0.5) * (x + root) : T(0.5) * p.alpha * (p.alpha / (root - x));   // no difference of like numbers
    }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& p) { return T(0.5) * (T(1) + x / std::hypot(x, p.alpha)); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& p) {
        const T root = std::hypot(x, p.alpha), share = p.alpha / root;
        return T(0.5) * share * share / root;
    }
};

/// 0 for x <= -1, x for x >= 1, (x + 1)^2 / 4 between.
struct SparsePlus {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) {
        return x <= T(-1) ? T(0) : x < T(1) ? T(0.25) * (x + T(1)) * (x + T(1)) : x;
    }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) {
        return x <= T(-1) ? T(0) : x < T(1) ? T(0.5) * (x + T(1)) : T(1);
    }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) { return std::abs(x) < T(1) ? T(0.5) : T(0); }
};

struct Exponential {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return elementary::exp(x); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) { return elementary::exp(x); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) { return elementary::exp(x); }
};

struct Log {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return std::log(x); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) { return T(1) / x; }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) { return T(-1) / (x * x); }
};

/// x times its sigmoid, also called swish.
struct Silu {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return x * Sigmoid::value(x); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) { return Sigmoid::value(x) + x * Sigmoid::first(x); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) {
        const T s = Sigmoid::value(x), r = Sigmoid::value(-x);
        return s * r * (T(2) + x * (r - s));
    }
};

/// x t(x), t = tanh(log(1 + e^x)) (Misra 2019). With m = e^-|x|, t and 1 - t are quotients without differences of like numbers.
struct Mish {
    template <class T> struct Parts {
        T t, rest;   ///< t and (1 - t)(1 + t)
        ASSAY_HOST_DEVICE explicit Parts(T x) {
            const T m = elementary::exp(-std::abs(x)), above = T(1) + T(2) * m, below = m * (m + T(2));
            const T part = x > T(0) ? above : below, other = x > T(0) ? T(2) * m * m : T(2), whole = part + other;
            t = part / whole;
            rest = other / whole * (T(1) + t);
        }
    };
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return x * Parts<T>(x).t; }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) {
        const Parts<T> parts(x);
        return parts.t + x * (parts.rest * Sigmoid::value(x));
    }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) {   // 2 t' + x t'', t' = (1 - t^2) s
        const Parts<T> parts(x);
        const T s = Sigmoid::value(x), r = Sigmoid::value(-x);
        return parts.rest * s * (T(2) + x * (r - T(2) * parts.t * s));
    }
};

/// alpha x + 1/2, cut to 0 .. 1: it bends at -beta and beta = 1 / (2 alpha).
struct HardSigmoid {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& p) {
        return x <= -p.beta ? T(0) : x > p.beta ? T(1) : p.alpha * x + T(0.5);
    }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& p) { return x > -p.beta && x <= p.beta ? p.alpha : T(0); }
    template <class T> static ASSAY_HOST_DEVICE T second(T, const Parameters<T>&) { return T(0); }
};

/// x times its hard sigmoid.
struct HardSilu {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& p) { return x * HardSigmoid::value(x, p); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& p) { return HardSigmoid::value(x, p) + x * HardSigmoid::first(x, p); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& p) { return std::abs(x) < p.beta ? T(2) * p.alpha : T(0); }
};

/// x, cut to -1 .. 1.
struct HardTanh {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return x < T(-1) ? T(-1) : x > T(1) ? T(1) : x; }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) { return x > T(-1) && x <= T(1) ? T(1) : T(0); }
    template <class T> static ASSAY_HOST_DEVICE T second(T, const Parameters<T>& = {}) { return T(0); }
};

/// x - tanh x.
struct TanhShrink {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return x - elementary::tanh(x); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) {
        const T t = elementary::tanh(x);
        return t * t;
    }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) { return -Tanh::second(x); }
};

/// x moved towards 0 by alpha, and 0 for |x| <= alpha.
struct SoftShrink {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& p) {
        return x > p.alpha ? x - p.alpha : x < -p.alpha ? x + p.alpha : x - x;   // x - x keeps a NaN
    }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& p) { return x > p.alpha || x <= -p.alpha ? T(1) : T(0); }
    template <class T> static ASSAY_HOST_DEVICE T second(T, const Parameters<T>&) { return T(0); }
};

/// x for |x| > alpha, 0 otherwise.
struct HardShrink {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& p) { return std::abs(x) > p.alpha ? x : x - x; }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& p) { return x > p.alpha || x <= -p.alpha ? T(1) : T(0); }
    template <class T> static ASSAY_HOST_DEVICE T second(T, const Parameters<T>&) { return T(0); }
};

/// x for x > alpha, beta otherwise.
struct Threshold {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& p) { return x <= p.alpha ? p.beta : x; }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& p) { return x > p.alpha ? T(1) : T(0); }
    template <class T> static ASSAY_HOST_DEVICE T second(T, const Parameters<T>&) { return T(0); }
};

struct Square {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return x * x; }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) { return T(2) * x; }
    template <class T> static ASSAY_HOST_DEVICE T second(T, const Parameters<T>& = {}) { return T(2); }
};

struct Sqrt {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return std::sqrt(x); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) { return T(0.5) / std::sqrt(x); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) { return T(-0.25) / (x * std::sqrt(x)); }
};

struct Reciprocal {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, const Parameters<T>& = {}) { return T(1) / x; }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, const Parameters<T>& = {}) { return T(-1) / (x * x); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, const Parameters<T>& = {}) { return T(2) / (x * x * x); }
};

/// Calls visit(functor) with the functor that `f` names.
template <class Visit>
void select(Pointwise f, Visit&& visit) {
    switch (f) {
#define ASSAY_POINTWISE(name, functor) case Pointwise::name: return visit(functor{});
#include "libanalysis/engine/pointwise_functions.def"
#undef ASSAY_POINTWISE
    }
}

}  // namespace assay::engine::pointwise
