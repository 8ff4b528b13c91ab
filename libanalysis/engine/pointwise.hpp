#pragma once
// The functions of the Pointwise list as functors that a host or a device compiler can take: value, first and second
// derivative, each finite in the tails where its limit is finite (for finite arguments). A NaN argument gives a NaN value.

#include "libanalysis/engine/backend.hpp"
#include "libanalysis/engine/elementary.hpp"

#include <cmath>

namespace assay::engine::pointwise {

struct Linear {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, T) { return x; }
    template <class T> static ASSAY_HOST_DEVICE T first(T, T) { return T(1); }
    template <class T> static ASSAY_HOST_DEVICE T second(T, T) { return T(0); }
};

struct Relu {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, T) { return x < T(0) ? T(0) : x; }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, T) { return x > T(0) ? T(1) : T(0); }
    template <class T> static ASSAY_HOST_DEVICE T second(T, T) { return T(0); }
};

struct Tanh {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, T) { return elementary::tanh(x); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, T) {
        const T t = elementary::tanh(x);
        return (T(1) - t) * (T(1) + t);
    }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, T) {
        const T t = elementary::tanh(x);
        return T(-2) * t * (T(1) - t) * (T(1) + t);
    }
};

struct Sigmoid {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, T) { return T(1) / (T(1) + elementary::exp(-x)); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, T alpha) { return value(x, alpha) * value(-x, alpha); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, T alpha) {
        const T s = value(x, alpha), r = value(-x, alpha);
        return s * r * (r - s);
    }
};

/// x for x > 0, alpha (e^x - 1) otherwise.
struct Elu {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, T alpha) { return x > T(0) ? x : alpha * elementary::expm1_negative(x); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, T alpha) { return x > T(0) ? T(1) : alpha * elementary::exp(x); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, T alpha) { return x >= T(0) ? T(0) : alpha * elementary::exp(x); }
};

/// x Phi(x), with the normal distribution function (Hendrycks and Gimpel 2016).
struct Gelu {
    template <class T> static ASSAY_HOST_DEVICE T distribution(T x) { return T(0.5) * std::erfc(-x * T(0.70710678118654752440)); }
    template <class T> static ASSAY_HOST_DEVICE T density(T x) { return T(0.39894228040143267794) * elementary::exp(T(-0.5) * x * x); }
    template <class T> static ASSAY_HOST_DEVICE T value(T x, T) { return x * distribution(x); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, T) { return distribution(x) + x * density(x); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, T) {
        const T d = density(x);
        return d == T(0) ? d : d * (T(2) - x * x);
    }
};

/// The tanh approximation of Gelu: x (1 + tanh u) / 2 with u = sqrt(2 / pi) (x + 0.044715 x^3).
struct GeluTanh {
    template <class T> static ASSAY_HOST_DEVICE T u(T x) { return T(0.79788456080286535588) * (x + T(0.044715) * x * x * x); }
    template <class T> static ASSAY_HOST_DEVICE T du(T x) { return T(0.79788456080286535588) * (T(1) + T(3 * 0.044715) * x * x); }
    template <class T> static ASSAY_HOST_DEVICE T ddu(T x) { return T(0.79788456080286535588 * 6 * 0.044715) * x; }
    template <class T> static ASSAY_HOST_DEVICE T value(T x, T) { return T(0.5) * x * (T(1) + elementary::tanh(u(x))); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, T) {
        const T t = elementary::tanh(u(x)), slope = (T(1) - t) * (T(1) + t);
        if (slope == T(0)) return T(0.5) * (T(1) + t);   // du may be infinite here
        return T(0.5) * (T(1) + t) + T(0.5) * x * slope * du(x);
    }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, T) {
        const T t = elementary::tanh(u(x)), slope = (T(1) - t) * (T(1) + t);
        if (slope == T(0)) return T(0);
        return slope * (du(x) + T(0.5) * x * (ddu(x) - T(2) * t * du(x) * du(x)));
    }
};

/// log(1 + e^x).
struct Softplus {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, T) { return (x > T(0) ? x : T(0)) + std::log1p(elementary::exp(-std::abs(x))); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, T alpha) { return Sigmoid::value(x, alpha); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, T alpha) { return Sigmoid::first(x, alpha); }
};

struct Square {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, T) { return x * x; }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, T) { return T(2) * x; }
    template <class T> static ASSAY_HOST_DEVICE T second(T, T) { return T(2); }
};

struct Sqrt {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, T) { return std::sqrt(x); }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, T) { return T(0.5) / std::sqrt(x); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, T) { return T(-0.25) / (x * std::sqrt(x)); }
};

struct Reciprocal {
    template <class T> static ASSAY_HOST_DEVICE T value(T x, T) { return T(1) / x; }
    template <class T> static ASSAY_HOST_DEVICE T first(T x, T) { return T(-1) / (x * x); }
    template <class T> static ASSAY_HOST_DEVICE T second(T x, T) { return T(2) / (x * x * x); }
};

/// Calls visit(functor) with the functor that `f` names.
template <class Visit>
void select(Pointwise f, Visit&& visit) {
    switch (f) {
        case Pointwise::linear: return visit(Linear{});
        case Pointwise::relu: return visit(Relu{});
        case Pointwise::tanh: return visit(Tanh{});
        case Pointwise::sigmoid: return visit(Sigmoid{});
        case Pointwise::elu: return visit(Elu{});
        case Pointwise::gelu: return visit(Gelu{});
        case Pointwise::gelu_tanh: return visit(GeluTanh{});
        case Pointwise::softplus: return visit(Softplus{});
        case Pointwise::square: return visit(Square{});
        case Pointwise::sqrt: return visit(Sqrt{});
        case Pointwise::reciprocal: return visit(Reciprocal{});
    }
}

}  // namespace assay::engine::pointwise
