#pragma once
// Sums over the entries of a vector, in double and in a fixed order.

#include <cstddef>
#include <span>

namespace assay::spectral {

/// term(0) + ... + term(n-1), as eight interleaved sums: no chain of additions that wait for each other.
template <class Term>
double sum(std::size_t n, Term&& term) {
    double partial[8] = {};
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (std::size_t j = 0; j < 8; ++j) partial[j] += term(i + j);
    for (std::size_t j = 0; i + j < n; ++j) partial[j] += term(i + j);
    return ((partial[0] + partial[4]) + (partial[2] + partial[6])) + ((partial[1] + partial[5]) + (partial[3] + partial[7]));
}

template <class T>
double dot(std::span<const T> x, std::span<const T> y) {
    return sum(x.size(), [&](std::size_t i) { return static_cast<double>(x[i]) * static_cast<double>(y[i]); });
}

/// || y - factor x ||^2.
template <class T>
double squared_distance(double factor, std::span<const T> x, std::span<const T> y) {
    return sum(x.size(), [&](std::size_t i) {
        const double r = static_cast<double>(y[i]) - factor * static_cast<double>(x[i]);
        return r * r;
    });
}

}  // namespace assay::spectral
