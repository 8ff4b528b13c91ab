#include "libanalysis/spectral/eigenpairs.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/products.hpp"

#include <algorithm>
#include <cmath>

namespace assay::spectral {
namespace {

/// Eight interleaved sums: a fixed order, and no chain of additions that wait for each other.
template <class Term>
double sum(std::size_t n, Term&& term) {
    double partial[8] = {};
    std::size_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (std::size_t j = 0; j < 8; ++j) partial[j] += term(i + j);
    for (std::size_t j = 0; i + j < n; ++j) partial[j] += term(i + j);
    return ((partial[0] + partial[4]) + (partial[2] + partial[6])) + ((partial[1] + partial[5]) + (partial[3] + partial[7]));
}

}  // namespace

void require_wanted(const linop::LinearOperator& a, const EigenOptions& options, const char* where) {
    const std::size_t wanted = options.largest + options.smallest;
    require_symmetric(a, std::max<std::size_t>(wanted, 1), where);
    if (wanted == 0) throw Error(ErrorKind::internal, {where, "at least one eigenvalue asked for", "none"});
}

template <class T>
Rayleigh rayleigh(std::span<const T> x, std::span<const T> y) {
    const auto at = [](std::span<const T> v, std::size_t i) { return static_cast<double>(v[i]); };
    const double xx = sum(x.size(), [&](std::size_t i) { return at(x, i) * at(x, i); });
    const double value = sum(x.size(), [&](std::size_t i) { return at(x, i) * at(y, i); }) / xx;
    require_finite(value, "Rayleigh quotient");
    const double squared = sum(x.size(), [&](std::size_t i) {
        const double r = at(y, i) - value * at(x, i);
        return r * r;
    });
    require_finite(squared, "Rayleigh quotient");
    return {value, std::sqrt(squared / xx)};
}

template Rayleigh rayleigh<float>(std::span<const float>, std::span<const float>);
template Rayleigh rayleigh<double>(std::span<const double>, std::span<const double>);

bool verified(const Eigenpair& pair, double tolerance, double floor) {
    return pair.true_residual <= std::max(tolerance * std::abs(pair.value), 10 * floor);
}

void arrange(Eigenvalues& result, bool complete) {
    std::stable_sort(result.largest.begin(), result.largest.end(), [](const Eigenpair& a, const Eigenpair& b) { return a.value > b.value; });
    std::stable_sort(result.smallest.begin(), result.smallest.end(), [](const Eigenpair& a, const Eigenpair& b) { return a.value < b.value; });
    const auto converged = [](const Eigenpair& pair) { return pair.converged; };
    result.converged = complete && std::all_of(result.largest.begin(), result.largest.end(), converged) &&
                       std::all_of(result.smallest.begin(), result.smallest.end(), converged);
}

}  // namespace assay::spectral
