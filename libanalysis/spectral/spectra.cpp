#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/eigenpairs.hpp"
#include "libanalysis/spectral/lanczos.hpp"
#include "libanalysis/spectral/spectra_solver.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace assay::spectral {
namespace {

Eigenvalues answer(const linop::LinearOperator& a, const EigenOptions& options) {
    const std::size_t n = a.rows(), wanted = options.largest + options.smallest;
    Products products(a, options.poll);
    const std::size_t limit = options.max_products ? options.max_products : 10 * wanted + 200;
    Eigenvalues result;
    Found all;
    double scale = 0;
    const bool dense = n <= dense_order || std::max(options.largest, options.smallest) >= n;
    result.solver = dense ? "dense" : "spectra";
    if (dense) all = solve_densely(products);
    const auto side = [&](std::size_t count, Which which) {
        Found found;
        if (count == 0) return found;
        if (dense) return choose(all, count, which);
        const std::size_t room = options.memory / (n * sizeof(double));
        const std::size_t basis = std::min({n, std::max<std::size_t>(2 * count + 1, 20), room, std::max(limit, count + 2)});
        if (basis < std::min(count + 2, n))
            throw Error(ErrorKind::resource, {"Spectra", "memory for " + std::to_string(count + 2) + " vectors",
                        std::to_string(options.memory) + " bytes", "Give more memory or ask for fewer eigenvalues."});
        // Every restart costs at most this many products.
        const std::size_t restarts = limit > basis ? (limit - basis) / std::max<std::size_t>(basis - count, 1) + 1 : 1;
        result.basis = std::max(result.basis, basis);
        return solve_by_spectra(products, {.count = count, .which = which, .tolerance = options.tolerance, .basis = basis,
                                           .restarts = restarts, .seed = options.seed, .start = options.start});
    };
    const Found top = side(options.largest, Which::largest), bottom = side(options.smallest, Which::smallest);
    result.products = products.count();
    for (const Found* found : {&top, &bottom})
        for (const double value : found->values) scale = std::max(scale, std::abs(value));
    const double floor = 10 * std::numeric_limits<double>::epsilon() * scale;
    std::vector<double> image(n);
    const auto pairs = [&](const Found& found) {
        std::vector<Eigenpair> made(found.values.size());
        for (std::size_t i = 0; i < made.size(); ++i) {
            Eigenpair& pair = made[i];
            const std::span<const double> vector(found.vectors.data() + i * n, n);
            pair.value = found.values[i];
            pair.residual = dense ? floor : options.tolerance * std::abs(pair.value);
            pair.converged = true;
            if (options.verify) {
                products.apply(vector, std::span<double>(image));
                const Rayleigh quotient = rayleigh(vector, image);
                pair.value = quotient.value;
                pair.true_residual = quotient.residual;
                pair.converged = verified(pair, options.tolerance, floor);
            }
            if (options.vectors) pair.vector.assign(vector.begin(), vector.end());
        }
        return made;
    };
    result.largest = pairs(top);
    result.smallest = pairs(bottom);
    result.verification_products = products.count() - result.products;
    result.product_seconds = products.seconds();
    arrange(result, result.largest.size() == options.largest && result.smallest.size() == options.smallest);
    return result;
}

}  // namespace

Eigenvalues spectra(const linop::LinearOperator& a, const EigenOptions& options) {
    require_wanted(a, options, "Spectra");
    const Clock::time_point begin = Clock::now();
    Eigenvalues result = answer(a, options);
    result.overhead_seconds = seconds_since(begin) - result.product_seconds;
    return result;
}

}  // namespace assay::spectral
