#include "libanalysis/spectral/circular_convolution.hpp"

#include "libanalysis/spectral/circular_frequencies.hpp"
#include "libanalysis/spectral/lapack.hpp"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>

namespace assay::spectral {
namespace {

using Complex = std::complex<double>;

/// Visits the Gram matrix (row-major, upper triangle, order n) of every group's transfer matrix at every frequency of the half
/// spectrum. The transfer matrices of a block of frequencies are one product (2 F x taps)(taps x in out).
void visit_grams(const CircularConvolution& c, const std::function<void(const Frequency&, std::vector<Complex>&, std::size_t)>& visit) {
    const std::size_t taps = static_cast<std::size_t>(c.kernel_h * c.kernel_w);
    const std::size_t columns = static_cast<std::size_t>(c.in * c.out);
    const std::size_t in = static_cast<std::size_t>(c.in), out = static_cast<std::size_t>(c.out);
    const std::size_t out_group = static_cast<std::size_t>(c.out / c.groups);
    const std::size_t n = std::min(in, out_group);
    std::vector<Frequency> frequencies = half_spectrum(c.height, c.width);
    const std::size_t block = std::clamp<std::size_t>((std::size_t{4} << 20) / (2 * columns), 1, frequencies.size());
    std::vector<double> waves(2 * block * taps), transfer(2 * block * columns);
    std::vector<Complex> matrix(in * out_group), gram(n * n);
    for (std::size_t first = 0; first < frequencies.size(); first += block) {
        const std::size_t count = std::min(block, frequencies.size() - first);
        for (std::size_t f = 0; f < count; ++f)
            for (std::size_t tap = 0; tap < taps; ++tap) {
                const double angle = angle_of(c, frequencies[first + f], tap);
                waves[(2 * f) * taps + tap] = std::cos(angle);
                waves[(2 * f + 1) * taps + tap] = std::sin(angle);
            }
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, static_cast<int>(2 * count), static_cast<int>(columns), static_cast<int>(taps),
                    1.0, waves.data(), static_cast<int>(taps), c.kernel.data(), static_cast<int>(columns), 0.0, transfer.data(),
                    static_cast<int>(columns));
        for (std::size_t f = 0; f < count; ++f)
            for (std::int64_t group = 0; group < c.groups; ++group) {
                const double* real = transfer.data() + 2 * f * columns;
                const double* imaginary = real + columns;
                for (std::size_t i = 0; i < in; ++i)
                    for (std::size_t j = 0; j < out_group; ++j) {
                        const std::size_t at = i * out + static_cast<std::size_t>(group) * out_group + j;
                        matrix[i * out_group + j] = {real[at], imaginary[at]};
                    }
                const bool inner = out_group <= in;
                cblas_zherk(CblasRowMajor, CblasUpper, inner ? CblasConjTrans : CblasNoTrans, static_cast<int>(n),
                            static_cast<int>(inner ? in : out_group), 1.0, matrix.data(), static_cast<int>(out_group), 0.0, gram.data(),
                            static_cast<int>(n));
                visit(frequencies[first + f], gram, n);
            }
    }
}

double frobenius(const std::vector<Complex>& gram, std::size_t n) {
    double sum = 0;
    for (std::size_t i = 0; i < n; ++i) {
        sum += std::norm(gram[i * n + i]);
        for (std::size_t j = i + 1; j < n; ++j) sum += 2 * std::norm(gram[i * n + j]);
    }
    return std::sqrt(sum);
}

}  // namespace

std::vector<double> circular_singular_values(const CircularConvolution& convolution) {
    require_kernel(convolution);
    std::vector<double> values;
    visit_grams(convolution, [&](const Frequency& frequency, std::vector<Complex>& gram, std::size_t n) {
        for (const double value : lapack::hermitian_eigenvalues(gram, n))
            values.insert(values.end(), frequency.twice ? 2 : 1, std::sqrt(std::max(value, 0.0)));
    });
    std::sort(values.begin(), values.end(), std::greater<>());
    return values;
}

double circular_norm(const CircularConvolution& convolution) {
    require_kernel(convolution);
    CircularConvolution c = convolution;
    if (c.kernel_h == 1 && c.kernel_w == 1) c.height = c.width = 1;   // the same matrix at every frequency
    // Two sweeps: the bounds first, so that the most promising frequency prunes most of the others. Grams are kept, not
    // recomputed, as long as they are few.
    struct Candidate { double bound; std::vector<Complex> gram; };
    std::vector<Candidate> candidates;
    double best = 0;
    std::size_t order = 0, held = 0;
    const auto settle = [&] {
        std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) { return a.bound > b.bound; });
        for (Candidate& candidate : candidates) {
            if (candidate.bound <= best) break;
            best = std::max(best, lapack::hermitian_eigenvalues(candidate.gram, order).back());
        }
        candidates.clear();
        held = 0;
    };
    visit_grams(c, [&](const Frequency&, std::vector<Complex>& gram, std::size_t n) {
        order = n;
        const double bound = frobenius(gram, n);
        if (bound <= best) return;
        candidates.push_back({bound, gram});
        held += gram.size();
        if (held > (std::size_t{1} << 21)) settle();
    });
    settle();
    return std::sqrt(best);
}

}  // namespace assay::spectral
