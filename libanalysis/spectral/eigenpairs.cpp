#include "libanalysis/spectral/eigenpairs.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/products.hpp"
#include "libanalysis/spectral/sums.hpp"

#include <algorithm>
#include <cmath>

namespace assay::spectral {

void require_wanted(const linop::LinearOperator& a, const EigenOptions& options, const char* where) {
    const std::size_t wanted = options.largest + options.smallest;
    require_symmetric(a, std::max<std::size_t>(wanted, 1), where);
    if (wanted == 0) throw Error(ErrorKind::internal, {where, "at least one eigenvalue asked for", "none"});
}

namespace {

/// From x.x, x.y and a function that gives || y - value x ||^2.
template <class SquaredDistance>
Rayleigh quotient(double xx, double xy, SquaredDistance&& squared_distance) {
    const double value = xy / xx;
    require_finite(value, "Rayleigh quotient");
    const double squared = squared_distance(value);
    require_finite(squared, "Rayleigh quotient");
    return {value, std::sqrt(squared / xx)};
}

}  // namespace

Rayleigh rayleigh(std::span<const double> x, std::span<const double> y) {
    return quotient(dot(x, x), dot(x, y), [&](double value) { return squared_distance(value, x, y); });
}

template <class T>
Rayleigh rayleigh(Basis<T>& basis, std::size_t i, Basis<T>& images, std::size_t j) {
    return quotient(basis.dot(i, basis, i), basis.dot(i, images, j), [&](double value) { return basis.squared_distance(value, i, images, j); });
}

template Rayleigh rayleigh<float>(Basis<float>&, std::size_t, Basis<float>&, std::size_t);
template Rayleigh rayleigh<double>(Basis<double>&, std::size_t, Basis<double>&, std::size_t);

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
