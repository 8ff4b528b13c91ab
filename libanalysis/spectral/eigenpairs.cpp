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

template <class T>
Rayleigh rayleigh(std::span<const T> x, std::span<const T> y) {
    const double xx = dot(x, x), value = dot(x, y) / xx;
    require_finite(value, "Rayleigh quotient");
    const double squared = sum(x.size(), [&](std::size_t i) {
        const double r = static_cast<double>(y[i]) - value * static_cast<double>(x[i]);
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
