// Estimates that are means over Rademacher probes: trace (Hutchinson 1989), Frobenius norm, diagonal (Bekas, Kokiopoulou and Saad 2007).

#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/probes.hpp"
#include "libanalysis/spectral/products.hpp"
#include "libanalysis/spectral/spectrum.hpp"

#include <cmath>
#include <limits>
#include <memory>

namespace assay::spectral {
namespace {

/// measure(basis) for every probe z, which is vector 0 of the basis, with its product A z, vector 1.
template <class T, class Measure>
std::size_t for_probes(const linop::LinearOperator& a, const TraceOptions& options, Measure&& measure) {
    Products products(a, options.poll);
    const std::unique_ptr<Basis<T>> basis = make_basis<T>(a, options.threads);
    for (std::size_t p = 0; p < options.products; ++p) {
        basis->write(0, [&](std::span<T> z) { rademacher(options.seed.child("probe").child(p), T{1}, z); });
        products.apply(*basis, 0, 1);
        measure(*basis);
        if (options.progress) options.progress(p + 1, options.products);
    }
    return products.count();
}

/// The same in the operator's own precision.
template <class Measure>
std::size_t for_probes_of(const linop::LinearOperator& a, const TraceOptions& options, const char* where, Measure&& measure) {
    require_symmetric(a, 1, where);
    if (options.products == 0) throw Error(ErrorKind::usage, {where, "at least one product", "none"});
    return a.single_precision() ? for_probes<float>(a, options, measure) : for_probes<double>(a, options, measure);
}

}  // namespace

Estimate hutchinson_trace(const linop::LinearOperator& a, const TraceOptions& options) {
    std::vector<double> samples;
    for_probes_of(a, options, "trace", [&](auto& basis) {
        samples.push_back(basis.dot(0, basis, 1));
        require_finite(samples.back(), "trace");
    });
    return mean_of(samples, "hutchinson");
}

Estimate frobenius_norm(const linop::LinearOperator& a, const TraceOptions& options) {
    std::vector<double> samples;
    for_probes_of(a, options, "Frobenius norm", [&](auto& basis) {
        samples.push_back(basis.dot(1, basis, 1));
        require_finite(samples.back(), "Frobenius norm");
    });
    return root_of(mean_of(samples, "hutchinson"));
}

DiagonalEstimate hutchinson_diagonal(const linop::LinearOperator& a, const TraceOptions& options) {
    DiagonalEstimate result;
    result.values.resize(a.rows());
    std::vector<double>& squares = result.standard_errors;   // of the deviations, until the end (Welford 1962)
    squares.resize(a.rows());
    double seen = 0;
    // The answer is a vector of the host: every product comes there.
    const auto add = [&]<class T>(std::span<const T> probe, std::span<const T> image) {
        ++seen;
        double check = 0;
        for (std::size_t i = 0; i < probe.size(); ++i) {
            const double sample = static_cast<double>(probe[i]) * static_cast<double>(image[i]);
            const double before = sample - result.values[i];
            result.values[i] += before / seen;
            squares[i] += before * (sample - result.values[i]);
            check += sample;
        }
        require_finite(check, "diagonal");
    };
    result.products = for_probes_of(a, options, "diagonal", [&]<class T>(Basis<T>& basis) {
        basis.read(0, [&](std::span<const T> probe) { basis.read(1, [&](std::span<const T> image) { add(probe, image); }); });
    });
    for (double& x : squares) x = seen > 1 ? std::sqrt(x / (seen * (seen - 1))) : std::numeric_limits<double>::infinity();
    return result;
}

}  // namespace assay::spectral
