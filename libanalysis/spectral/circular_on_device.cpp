// Circular convolutions on a device. A complex transfer matrix R + i I is there as the real [[R, -I], [I, R]], which has each of its
// singular values twice: so all of it is products and eigenvalues of real symmetric matrices, many at a time.

#include "libanalysis/spectral/circular_frequencies.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

namespace assay::spectral {
namespace {

using engine::Backend;
using engine::Buffer;
using engine::DType;

// Doubles of one array of a block of frequencies.
constexpr std::size_t most_entries = std::size_t{1} << 22;

/// Gram matrices [frequencies, groups, order, order] of a block, on the device.
struct Grams {
    std::span<const Frequency> frequencies;
    std::int64_t count = 0, order = 0;   ///< of matrices; of each
    Buffer values;
};

/// Calls `visit` with the Gram matrices of every block of the half spectrum.
void visit_grams(Backend& b, const CircularConvolution& c, const std::function<void(Grams&)>& visit) {
    const auto taps = static_cast<std::size_t>(c.kernel_h * c.kernel_w), columns = static_cast<std::size_t>(c.in * c.out);
    const std::int64_t out_group = c.out / c.groups, rows = 2 * c.in, cols = 2 * out_group;
    const bool inner = out_group <= c.in;
    const std::int64_t order = inner ? cols : rows, terms = inner ? rows : cols;
    const std::vector<Frequency> frequencies = half_spectrum(c.height, c.width);
    const std::size_t block = std::clamp<std::size_t>(most_entries / (4 * columns), 1, frequencies.size());
    const Buffer kernel = b.from_host(c.kernel, DType::float64);
    std::vector<double> waves;
    for (std::size_t first = 0; first < frequencies.size(); first += block) {
        const std::span<const Frequency> part = std::span(frequencies).subspan(first, std::min(block, frequencies.size() - first));
        waves.assign(4 * part.size() * taps, 0);
        for (std::size_t f = 0; f < part.size(); ++f)
            for (std::size_t tap = 0; tap < taps; ++tap) {
                const double angle = angle_of(c, part[f], tap), cosine = std::cos(angle), sine = std::sin(angle);
                const std::array<double, 4> quarters{cosine, -sine, sine, cosine};
                for (std::size_t q = 0; q < 4; ++q) waves[(4 * f + q) * taps + tap] = quarters[q];
            }
        const auto count = static_cast<std::int64_t>(part.size()), width = static_cast<std::int64_t>(columns), depth = static_cast<std::int64_t>(taps);
        Buffer matrices = b.allocate(DType::float64, 4 * part.size() * columns);
        {
            const Buffer on_device = b.from_host(waves, DType::float64);
            Buffer quarters = b.allocate(DType::float64, matrices.size());
            b.gemm(false, false, 4 * count, width, depth, 1, on_device.const_view(), depth, kernel.const_view(), width, 0, quarters.view(), width);
            // [frequency, row half, column half, in, group, out] -> [frequency, group, row half, in, column half, out]
            const std::array<std::int64_t, 6> shape{count, 2, 2, c.in, c.groups, out_group}, order_of_axes{0, 4, 1, 3, 2, 5};
            b.permute(quarters.const_view(), shape, order_of_axes, matrices.view(), false);
        }
        Grams grams{part, count * c.groups, order, b.allocate(DType::float64, static_cast<std::size_t>(count * c.groups * order * order))};
        b.gemm_batched(inner, !inner, order, order, terms, 1, matrices.const_view(), cols, rows * cols, matrices.const_view(), cols, rows * cols, 0,
                       grams.values.view(), order, order * order, grams.count);
        visit(grams);
    }
}

/// Ascending eigenvalues of matrices [count, order, order], which are lost; on the host.
std::vector<double> eigenvalues(Backend& b, std::int64_t order, std::int64_t count, engine::View matrices) {
    Buffer values = b.allocate(DType::float64, static_cast<std::size_t>(count * order));
    b.symmetric_eigenvalues(order, count, matrices, values.view());
    return b.to_host(values.const_view());
}

}  // namespace

std::vector<double> circular_singular_values(Backend& backend, const CircularConvolution& convolution) {
    if (backend.on_host()) return circular_singular_values(convolution);
    require_kernel(convolution);
    std::vector<double> all;
    visit_grams(backend, convolution, [&](Grams& grams) {
        const std::vector<double> squares = eigenvalues(backend, grams.order, grams.count, grams.values.view());
        const std::size_t of_frequency = squares.size() / grams.frequencies.size();
        for (std::size_t i = 0; i < squares.size(); i += 2)   // both of a pair are the same but for rounding
            all.insert(all.end(), grams.frequencies[i / of_frequency].twice ? 2 : 1, std::sqrt(std::max((squares[i] + squares[i + 1]) / 2, 0.0)));
    });
    std::sort(all.begin(), all.end(), std::greater<>());
    return all;
}

double circular_norm(Backend& backend, const CircularConvolution& convolution) {
    if (backend.on_host()) return circular_norm(convolution);
    require_kernel(convolution);
    CircularConvolution c = convolution;
    if (c.kernel_h == 1 && c.kernel_w == 1) c.height = c.width = 1;   // the same matrix at every frequency
    double best = 0;
    visit_grams(backend, c, [&](Grams& grams) {
        const std::int64_t entries = grams.order * grams.order;
        const auto size = static_cast<std::size_t>(entries);
        Buffer squares = backend.allocate(DType::float64, static_cast<std::size_t>(grams.count));
        backend.row_dots(grams.values.const_view(), grams.values.const_view(), grams.count, entries, squares.view(), false);
        std::vector<double> bounds = backend.to_host(squares.const_view());
        for (double& bound : bounds) bound = std::sqrt(bound / 2);   // every eigenvalue is there twice
        // The most promising one first: what it finds prunes most of the others.
        const auto top = static_cast<std::size_t>(std::max_element(bounds.begin(), bounds.end()) - bounds.begin());
        if (bounds[top] <= best) return;
        best = std::max(best, eigenvalues(backend, grams.order, 1, grams.values.view().slice(top * size, size)).back());
        std::vector<double> left;
        for (std::size_t i = 0; i < bounds.size(); ++i)
            if (i != top && bounds[i] > best) left.push_back(static_cast<double>(i));
        if (left.empty()) return;
        Buffer chosen = backend.allocate(DType::float64, left.size() * size);
        const Buffer which = backend.from_host(left, DType::int32);
        backend.gather_rows(grams.values.const_view(), which.const_view(), entries, chosen.view());
        for (const double value : eigenvalues(backend, grams.order, static_cast<std::int64_t>(left.size()), chosen.view())) best = std::max(best, value);
    });
    return std::sqrt(best);
}

}  // namespace assay::spectral
