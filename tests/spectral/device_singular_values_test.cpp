// Singular values of matrices and of circular convolutions on a device: those of the host, and of the weights only they come back.

#include "libanalysis/spectral/circular_convolution.hpp"
#include "libanalysis/spectral/singular_values.hpp"
#include "tests/spectral/operators.hpp"
#include "tests/support/device_double.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>

namespace assay::spectral {
namespace {

using test::DeviceDouble;

// Both places form Gram matrices in double: large values agree to rounding, and a value s1 / 100 to 1e4 times that.
constexpr double tolerance = 1e-13;

TEST(DeviceSingularValues, OfAMatrixByHand) {
    DeviceDouble device;
    const std::vector<double> a{3, 0, 4, 5};   // s^2 are the eigenvalues of [[25, 20], [20, 25]], 45 and 5
    const std::vector<double> s = singular_values(device, std::span<const double>(a), 2, 2);
    ASSERT_EQ(s.size(), 2u);
    EXPECT_NEAR_RELATIVE(s[0], std::sqrt(45.0), 1e-14);
    EXPECT_NEAR_RELATIVE(s[1], std::sqrt(5.0), 1e-13);
}

TEST(DeviceSingularValues, AreThoseTheMatrixWasMadeOf) {
    DeviceDouble device;
    for (const auto& [rows, cols] : {std::pair<std::size_t, std::size_t>{1, 1}, {1, 7}, {7, 1}, {31, 33}, {64, 20}, {20, 64}}) {
        std::vector<double> s(std::min(rows, cols));
        for (std::size_t i = 0; i < s.size(); ++i) s[i] = 10.0 / static_cast<double>(i + 1);
        const std::vector<double> a = test::matrix_with(s, rows, cols, Seed{rows * 100 + cols});
        device.traffic().clear();
        EXPECT_LE(test::distance(singular_values(device, std::span<const double>(a), rows, cols), s), tolerance) << rows << "x" << cols;
        EXPECT_EQ(device.traffic().calls("symmetric_eigenvalues"), 1u);
        EXPECT_EQ(device.traffic().downloads().bytes, s.size() * sizeof(double)) << "no matrix comes back";
    }
    EXPECT_TRUE(singular_values(device, std::span<const double>(), 0, 5).empty());
}

TEST(DeviceSingularValues, KeepTheBoundOfAGramMatrix) {
    DeviceDouble device;
    const std::vector<double> s{1, 1e-3, 1e-10}, a = test::matrix_with(s, 40, 3, Seed{5});
    const std::vector<double> found = singular_values(device, std::span<const double>(a), 40, 3);
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_LE(std::abs(found[i] - s[i]), 2e-8) << i;             // sqrt(eps) s1
        EXPECT_LE(std::abs(found[i] - s[i]), 4e-15 / s[i]) << i;     // a few eps s1^2 / s
    }
    // What needs more asks for it, and has it wherever the rest is computed.
    EXPECT_EQ(singular_values(device, std::span<const double>(a), 40, 3, Method::accurate), singular_values(std::span<const double>(a), 40, 3, Method::accurate));
}

TEST(DeviceSingularValues, WidenSinglePrecisionBeforeTheGramMatrix) {
    DeviceDouble device;
    std::vector<float> single;
    std::vector<double> wide;
    for (std::size_t i = 0; i < 12 * 9; ++i) {
        single.push_back(static_cast<float>(Seed{3}.normal(i)));
        wide.push_back(single.back());
    }
    EXPECT_EQ(singular_values(device, std::span<const float>(single), 12, 9), singular_values(device, std::span<const double>(wide), 12, 9));
    single[5] = std::nanf("");
    EXPECT_THROW(singular_values(device, std::span<const float>(single), 12, 9), Error);
    EXPECT_THROW(singular_values(device, std::span<const double>(wide), 12, 8), Error);
}

struct Case { std::int64_t kernel_h, kernel_w, in, out, groups, height, width, dilation_h, dilation_w; };

class CircularOnADevice : public testing::TestWithParam<Case> {};

TEST_P(CircularOnADevice, HasTheHostsSpectrumAndNorm) {
    const Case& p = GetParam();
    DeviceDouble device;
    const std::vector<double> kernel =
        test::normals(static_cast<std::size_t>(p.kernel_h * p.kernel_w * p.in * p.out), Seed{static_cast<std::uint64_t>(p.in * 100 + p.out)});
    const CircularConvolution c{kernel, p.kernel_h, p.kernel_w, p.in, p.out, p.groups, p.height, p.width, p.dilation_h, p.dilation_w};
    const std::vector<double> expected = circular_singular_values(c), found = circular_singular_values(device, c);
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        const double error = std::abs(found[i] - expected[i]);
        EXPECT_TRUE(error <= 1e-13 * expected[0] * expected[0] / expected[i] || error <= 1e-7 * expected[0]) << i << ": " << found[i] << ", " << expected[i];
    }
    EXPECT_GE(device.traffic().calls("symmetric_eigenvalues"), 1u);
    EXPECT_NEAR_RELATIVE(circular_norm(device, c), expected[0], 1e-13);
}

INSTANTIATE_TEST_SUITE_P(Shapes, CircularOnADevice,
                         testing::Values(Case{3, 3, 2, 3, 1, 5, 5, 1, 1}, Case{3, 3, 3, 2, 1, 4, 6, 1, 1}, Case{1, 1, 4, 3, 1, 5, 4, 1, 1},
                                         Case{2, 3, 2, 2, 1, 6, 5, 1, 1}, Case{3, 3, 2, 4, 2, 4, 4, 1, 1}, Case{3, 3, 1, 3, 3, 4, 5, 1, 1},
                                         Case{3, 3, 2, 2, 1, 7, 6, 2, 3}, Case{5, 5, 1, 2, 1, 3, 3, 1, 1}, Case{3, 1, 1, 1, 1, 1, 1, 1, 1},
                                         Case{3, 3, 20, 24, 1, 9, 8, 1, 1}, Case{3, 3, 1, 64, 64, 12, 12, 1, 1}));

TEST(CircularOnADeviceInBlocks, SeesEveryFrequency) {
    // 4 2^12 doubles for a frequency: blocks of 256 of the 481 of half a spectrum.
    DeviceDouble device;
    const std::vector<double> kernel = test::normals(4 * 4096, Seed{8});
    const CircularConvolution c{kernel, 2, 2, 1, 4096, 4096, 31, 31, 1, 1};
    device.traffic().clear();
    EXPECT_NEAR_RELATIVE(circular_norm(device, c), circular_norm(c), 1e-13);
    EXPECT_EQ(device.traffic().calls("permute"), 2u);
    const std::vector<double> expected = circular_singular_values(c), found = circular_singular_values(device, c);
    EXPECT_LE(test::distance(found, expected), tolerance);   // each is one entry of its own matrix
}

}  // namespace
}  // namespace assay::spectral
