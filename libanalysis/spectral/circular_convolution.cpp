#include "libanalysis/spectral/circular_convolution.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/spectral/lapack.hpp"

#include <cblas.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <functional>
#include <numbers>
#include <string>

namespace assay::spectral {
namespace {

using Complex = std::complex<double>;

struct Frequency { std::int64_t u, v; bool twice; };

// The kernel is real, so frequency (-u, -v) has the conjugate matrix and the same singular values: half of them suffice.
std::vector<Frequency> half_spectrum(std::int64_t height, std::int64_t width) {
    std::vector<Frequency> half;
    for (std::int64_t u = 0; u < height; ++u)
        for (std::int64_t v = 0; v < width; ++v) {
            const std::int64_t mu = (height - u) % height, mv = (width - v) % width;
            if (std::pair(u, v) <= std::pair(mu, mv)) half.push_back({u, v, std::pair(u, v) != std::pair(mu, mv)});
        }
    return half;
}

void check(const CircularConvolution& c) {
    const std::int64_t size = c.kernel_h * c.kernel_w * c.in * c.out;
    if (c.groups < 1 || c.out % c.groups != 0 || c.height < 1 || c.width < 1 || size < 1 ||
        static_cast<std::size_t>(size) != c.kernel.size())
        throw Error(ErrorKind::internal, {"circular convolution", "a kernel that fits its extents", std::to_string(c.kernel.size()) + " values"});
    if (!std::all_of(c.kernel.begin(), c.kernel.end(), [](double x) { return std::isfinite(x); }))
        throw Error(ErrorKind::data, {"circular convolution", "finite weights", "NaN or infinity"});
}

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
                const auto [u, v, twice] = frequencies[first + f];
                const std::int64_t y = static_cast<std::int64_t>(tap) / c.kernel_w * c.dilation_h;
                const std::int64_t x = static_cast<std::int64_t>(tap) % c.kernel_w * c.dilation_w;
                // Reduced before the division, so that the angle is exact for large products.
                const double angle = 2 * std::numbers::pi * (static_cast<double>(u * y % c.height) / static_cast<double>(c.height) +
                                                             static_cast<double>(v * x % c.width) / static_cast<double>(c.width));
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
    check(convolution);
    std::vector<double> values;
    visit_grams(convolution, [&](const Frequency& frequency, std::vector<Complex>& gram, std::size_t n) {
        for (const double value : lapack::hermitian_eigenvalues(gram, n))
            values.insert(values.end(), frequency.twice ? 2 : 1, std::sqrt(std::max(value, 0.0)));
    });
    std::sort(values.begin(), values.end(), std::greater<>());
    return values;
}

double circular_norm(const CircularConvolution& convolution) {
    check(convolution);
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
