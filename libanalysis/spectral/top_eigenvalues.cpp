#include "libanalysis/spectral/top_eigenvalues.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/linop/gram_operator.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace assay::spectral {
namespace {

void measure_residuals(Products& products, Eigenpairs& result) {
    const std::size_t n = products.size();
    std::vector<double> image(n);
    for (std::size_t k = 0; k < result.values.size(); ++k) {
        const double* v = result.vectors.data() + k * n;
        products.apply(std::span<const double>{v, n}, std::span<double>(image));
        double sum = 0;
        for (std::size_t i = 0; i < n; ++i) sum += std::pow(image[i] - result.values[k] * v[i], 2);
        require_finite(sum, "Lanczos");
        result.residuals.push_back(std::sqrt(sum));
    }
}

}  // namespace

Eigenpairs top_eigenvalues(const linop::LinearOperator& a, const LanczosOptions& options) {
    const std::size_t n = a.rows();
    require_symmetric(a, 1, "Lanczos");
    if (options.count == 0 || options.count > n)
        throw Error(ErrorKind::internal, {"Lanczos", "1 to " + std::to_string(n) + " eigenvalues", std::to_string(options.count)});
    Products products(a, options.poll);
    Found found = solve(products, {.count = options.count, .which = options.which, .tolerance = options.tolerance, .basis = options.basis,
                                   .restarts = options.restarts, .seed = options.seed});
    Eigenpairs result{.values = std::move(found.values), .vectors = std::move(found.vectors), .residuals = {}, .products = 0,
                      .converged = found.converged};
    measure_residuals(products, result);
    result.products = products.count();
    return result;
}

SingularValue spectral_norm(const linop::LinearOperator& a, const LanczosOptions& options) {
    if (a.rows() == 0 || a.cols() == 0) return {.value = 0, .error = 0, .products = 0, .converged = true};
    LanczosOptions top = options;
    top.count = 1;
    top.which = Which::largest;
    const linop::GramOperator gram(a);
    const Eigenpairs pairs = top_eigenvalues(gram, top);
    SingularValue result{.value = 0, .error = 0, .products = pairs.products, .converged = pairs.converged};
    if (!pairs.converged) return result;
    const double squared = std::max(pairs.values[0], 0.0);
    result.value = std::sqrt(squared);
    // |lambda - lambda'| <= r for some eigenvalue lambda', and d(sqrt lambda)/sqrt lambda = d lambda / (2 lambda).
    result.error = squared > 0 ? pairs.residuals[0] / (2 * squared) : 0;
    return result;
}

}  // namespace assay::spectral
