// Estimates that are means over Rademacher probes: trace (Hutchinson 1989), Frobenius norm, diagonal (Bekas, Kokiopoulou and Saad 2007).

#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/probes.hpp"
#include "libanalysis/spectral/products.hpp"
#include "libanalysis/spectral/spectrum.hpp"
#include "libanalysis/spectral/sums.hpp"

#include <cmath>
#include <limits>

namespace assay::spectral {
namespace {

/// measure(z, A z) for every probe.
template <class T, class Measure>
std::size_t for_probes(const linop::LinearOperator& a, const TraceOptions& options, Measure&& measure) {
    Products products(a, options.poll);
    std::vector<T> probe(a.rows()), image(a.rows());
    for (std::size_t p = 0; p < options.products; ++p) {
        rademacher(options.seed.child("probe").child(p), T{1}, std::span<T>(probe));
        products.apply(std::span<const T>(probe), std::span<T>(image));
        measure(std::span<const T>(probe), std::span<const T>(image));
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
    for_probes_of(a, options, "trace", [&]<class T>(std::span<const T> probe, std::span<const T> image) {
        samples.push_back(dot(probe, image));
        require_finite(samples.back(), "trace");
    });
    return mean_of(samples, "hutchinson");
}

Estimate frobenius_norm(const linop::LinearOperator& a, const TraceOptions& options) {
    std::vector<double> samples;
    for_probes_of(a, options, "Frobenius norm", [&]<class T>(std::span<const T>, std::span<const T> image) {
        samples.push_back(dot(image, image));
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
    result.products = for_probes_of(a, options, "diagonal", [&]<class T>(std::span<const T> probe, std::span<const T> image) {
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
    });
    for (double& x : squares) x = seen > 1 ? std::sqrt(x / (seen * (seen - 1))) : std::numeric_limits<double>::infinity();
    return result;
}

}  // namespace assay::spectral
