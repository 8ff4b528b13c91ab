#include "libanalysis/spectral/circular_convolution.hpp"

#include "libanalysis/spectral/singular_values.hpp"
#include "tests/spectral/operators.hpp"
#include "tests/support/tolerance.hpp"

namespace assay::spectral {
namespace {

/// The circulant matrix written out entry by entry: [h * w * groups * in] x [h * w * out].
std::vector<double> dense(const CircularConvolution& c) {
    const std::int64_t all_in = c.in * c.groups, out_group = c.out / c.groups;
    const std::int64_t rows = c.height * c.width * all_in, cols = c.height * c.width * c.out;
    std::vector<double> a(static_cast<std::size_t>(rows * cols));
    for (std::int64_t y = 0; y < c.height; ++y)
        for (std::int64_t x = 0; x < c.width; ++x)
            for (std::int64_t p = 0; p < c.kernel_h; ++p)
                for (std::int64_t q = 0; q < c.kernel_w; ++q)
                    for (std::int64_t i = 0; i < c.in; ++i)
                        for (std::int64_t o = 0; o < c.out; ++o) {
                            const std::int64_t from_y = (y + p * c.dilation_h) % c.height, from_x = (x + q * c.dilation_w) % c.width;
                            const std::int64_t channel = o / out_group * c.in + i;
                            const std::int64_t row = (from_y * c.width + from_x) * all_in + channel;
                            const std::int64_t col = (y * c.width + x) * c.out + o;
                            a[static_cast<std::size_t>(row * cols + col)] +=
                                c.kernel[static_cast<std::size_t>(((p * c.kernel_w + q) * c.in + i) * c.out + o)];
                        }
    return a;
}

struct Case { std::int64_t kernel_h, kernel_w, in, out, groups, height, width, dilation_h, dilation_w; };

class Circular : public testing::TestWithParam<Case> {};

TEST_P(Circular, SpectrumIsThatOfTheMatrixWrittenOut) {
    const Case& p = GetParam();
    const std::vector<double> kernel =
        test::normals(static_cast<std::size_t>(p.kernel_h * p.kernel_w * p.in * p.out), Seed{static_cast<std::uint64_t>(p.in * 100 + p.out)});
    const CircularConvolution c{kernel, p.kernel_h, p.kernel_w, p.in, p.out, p.groups, p.height, p.width, p.dilation_h, p.dilation_w};
    const std::size_t rows = static_cast<std::size_t>(p.height * p.width * p.in * p.groups);
    const std::size_t cols = static_cast<std::size_t>(p.height * p.width * p.out);
    const std::vector<double> a = dense(c);
    std::vector<double> expected = singular_values(std::span<const double>(a), rows, cols, Method::accurate);
    std::vector<double> found = circular_singular_values(c);
    found.resize(std::max(found.size(), expected.size()));
    expected.resize(found.size());   // a group that is not square leaves zeros in the dense spectrum
    EXPECT_LE(test::distance(found, expected), 1e-7);   // small values come from Gram matrices
    EXPECT_NEAR_RELATIVE(circular_norm(c), expected[0], 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Circular,
                         testing::Values(Case{3, 3, 2, 3, 1, 5, 5, 1, 1}, Case{3, 3, 3, 2, 1, 4, 6, 1, 1}, Case{1, 1, 4, 3, 1, 5, 4, 1, 1},
                                         Case{2, 3, 2, 2, 1, 6, 5, 1, 1}, Case{3, 3, 2, 4, 2, 4, 4, 1, 1}, Case{3, 3, 1, 3, 3, 4, 5, 1, 1},
                                         Case{3, 3, 2, 2, 1, 7, 6, 2, 3}, Case{5, 5, 1, 2, 1, 3, 3, 1, 1}, Case{3, 1, 1, 1, 1, 1, 1, 1, 1}));

TEST(CircularNorm, OfAnAveragingKernelIsOne) {
    const std::vector<double> kernel(9, 1.0 / 9);
    EXPECT_NEAR_RELATIVE(circular_norm({kernel, 3, 3, 1, 1, 1, 28, 28, 1, 1}), 1.0, 1e-14);
}

}  // namespace
}  // namespace assay::spectral
