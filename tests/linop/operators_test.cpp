#include "libanalysis/core/error.hpp"
#include "libanalysis/core/seed.hpp"
#include "libanalysis/linop/gram_operator.hpp"
#include "libanalysis/linop/layer_operator.hpp"
#include "libanalysis/linop/matrix_operator.hpp"
#include "libanalysis/spectral/singular_values.hpp"
#include "libanalysis/spectral/top_eigenvalues.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <array>

namespace assay::linop {
namespace {

std::vector<double> normals(std::size_t count, Seed seed) {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = seed.normal(i);
    return values;
}

/// The operator written out column by column: row-major rows x cols.
std::vector<double> written_out(const LinearOperator& a) {
    std::vector<double> matrix(a.rows() * a.cols()), unit(a.cols()), column(a.rows());
    for (std::size_t j = 0; j < a.cols(); ++j) {
        unit[j] = 1;
        a.apply(unit, column);
        unit[j] = 0;
        for (std::size_t i = 0; i < a.rows(); ++i) matrix[i * a.cols() + j] = column[i];
    }
    return matrix;
}

void expect_adjoint(const LinearOperator& a, double tolerance) {
    const std::vector<double> x = normals(a.cols(), Seed{1}), u = normals(a.rows(), Seed{2});
    std::vector<double> y(a.rows()), v(a.cols());
    a.apply(x, y);
    a.apply_transpose(u, v);
    double left = 0, right = 0, scale = 0;
    for (std::size_t i = 0; i < y.size(); ++i) left += y[i] * u[i], scale += std::abs(y[i] * u[i]);
    for (std::size_t i = 0; i < x.size(); ++i) right += x[i] * v[i];
    EXPECT_NEAR(left, right, tolerance * scale);
}

TEST(MatrixOperator, MultipliesAsByHand) {
    const std::vector<double> a{1, 2, 3, 4, 5, 6};
    const MatrixOperator op(std::span<const double>(a), 2, 3);
    std::vector<double> y(2), z(3);
    op.apply(std::vector<double>{1, 0, -1}, y);
    op.apply_transpose(std::vector<double>{1, 10}, z);
    EXPECT_EQ(y, (std::vector<double>{-2, -2}));
    EXPECT_EQ(z, (std::vector<double>{41, 52, 63}));
}

TEST(MatrixOperator, IsItsMatrixAndAdjointAtOddSizes) {
    for (const auto& [rows, cols] : {std::pair<std::size_t, std::size_t>{1, 1}, {31, 33}, {32, 8}, {7, 129}, {0, 3}}) {
        const std::vector<double> a = normals(rows * cols, Seed{rows + cols});
        const MatrixOperator op(std::span<const double>(a), rows, cols);
        EXPECT_EQ(written_out(op), a);
        if (rows > 0) expect_adjoint(op, 1e-14);
    }
}

TEST(MatrixOperator, RefusesOtherSizes) {
    const std::vector<double> a(6);
    EXPECT_THROW(MatrixOperator(std::span<const double>(a), 2, 2), Error);
    std::vector<double> y(2);
    EXPECT_THROW(MatrixOperator(std::span<const double>(a), 2, 3).apply(std::vector<double>(2), y), Error);
}

TEST(GramOperator, IsTheSmallerGramMatrix) {
    const std::vector<double> a{1, 2, 3, 4, 5, 6};   // A A^T = [[14, 32], [32, 77]]
    const MatrixOperator wide(std::span<const double>(a), 2, 3), tall(std::span<const double>(a), 3, 2);
    EXPECT_EQ(written_out(GramOperator(wide)), (std::vector<double>{14, 32, 32, 77}));
    EXPECT_EQ(written_out(GramOperator(tall)), (std::vector<double>{35, 44, 44, 56}));
}

struct Convolution {
    std::int64_t height, width, in, out, kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, groups;
    const char* padding;
};

/// The convolution matrix written by its definition, with Keras' rule for the padding: row-major (output) x (input).
std::vector<double> by_definition(const Convolution& c, const std::vector<double>& kernel, std::size_t& rows, std::size_t& cols) {
    const auto reach = [](std::int64_t size, std::int64_t dilation) { return (size - 1) * dilation + 1; };
    const bool same = std::string(c.padding) == "same";
    const auto extent = [&](std::int64_t in, std::int64_t size, std::int64_t stride) {
        return same ? (in + stride - 1) / stride : (in - size) / stride + 1;
    };
    const std::int64_t rh = reach(c.kernel_h, c.dilation_h), rw = reach(c.kernel_w, c.dilation_w);
    const std::int64_t oh = extent(c.height, rh, c.stride_h), ow = extent(c.width, rw, c.stride_w);
    const std::int64_t top = same ? std::max<std::int64_t>((oh - 1) * c.stride_h + rh - c.height, 0) / 2 : 0;
    const std::int64_t left = same ? std::max<std::int64_t>((ow - 1) * c.stride_w + rw - c.width, 0) / 2 : 0;
    rows = static_cast<std::size_t>(oh * ow * c.out);
    cols = static_cast<std::size_t>(c.height * c.width * c.in);
    std::vector<double> a(rows * cols);
    const std::int64_t in_group = c.in / c.groups, out_group = c.out / c.groups;
    for (std::int64_t y = 0; y < oh; ++y)
        for (std::int64_t x = 0; x < ow; ++x)
            for (std::int64_t p = 0; p < c.kernel_h; ++p)
                for (std::int64_t q = 0; q < c.kernel_w; ++q) {
                    const std::int64_t from_y = y * c.stride_h + p * c.dilation_h - top, from_x = x * c.stride_w + q * c.dilation_w - left;
                    if (from_y < 0 || from_y >= c.height || from_x < 0 || from_x >= c.width) continue;
                    for (std::int64_t i = 0; i < in_group; ++i)
                        for (std::int64_t o = 0; o < c.out; ++o) {
                            const std::int64_t channel = o / out_group * in_group + i;
                            const std::int64_t row = (y * ow + x) * c.out + o, col = (from_y * c.width + from_x) * c.in + channel;
                            a[static_cast<std::size_t>(row) * cols + static_cast<std::size_t>(col)] +=
                                kernel[static_cast<std::size_t>(((p * c.kernel_w + q) * in_group + i) * c.out + o)];
                        }
                }
    return a;
}

class ConvolutionOperator : public testing::TestWithParam<Convolution> {};

TEST_P(ConvolutionOperator, IsTheMatrixOfItsDefinitionAndHasItsNorm) {
    engine::make_thread_serial();
    const Convolution& c = GetParam();
    const Shape kernel_shape{c.kernel_h, c.kernel_w, c.in / c.groups, c.out};
    const std::vector<double> kernel = normals(static_cast<std::size_t>(element_count(kernel_shape)), Seed{9});
    const auto backend = engine::make_cpu_backend();
    const engine::LayerSpec spec{.where = "test", .attributes = {{"filters", c.out}, {"kernel_size", {c.kernel_h, c.kernel_w}},
                                 {"strides", {c.stride_h, c.stride_w}}, {"dilation_rate", {c.dilation_h, c.dilation_w}}, {"groups", c.groups},
                                 {"padding", c.padding}, {"use_bias", false}},
                                 .inputs = {{c.height, c.width, c.in}}, .parameters = {kernel_shape}};
    const auto layer = engine::make_layer("conv2d", spec);
    std::size_t rows = 0, cols = 0;
    const std::vector<double> expected = by_definition(c, kernel, rows, cols);
    const double norm = spectral::singular_values(std::span<const double>(expected), rows, cols, spectral::Method::accurate)[0];
    for (const engine::DType precision : {engine::DType::float64, engine::DType::float32}) {
        const bool wide = precision == engine::DType::float64;
        const engine::Buffer weights = backend->from_host(kernel, precision);
        const LayerOperator op(*backend, *layer, spec.inputs[0], {weights.const_view()}, precision);
        ASSERT_EQ(op.rows(), rows);
        ASSERT_EQ(op.cols(), cols);
        EXPECT_LE(test::distance(written_out(op), expected), wide ? test::roundoff<double> : test::roundoff<float>);
        expect_adjoint(op, wide ? 1e-14 : 1e-6);
        const spectral::SingularValue top = spectral::spectral_norm(op, {.tolerance = wide ? 1e-10 : 1e-6});
        ASSERT_TRUE(top.converged);
        EXPECT_NEAR_RELATIVE(top.value, norm, wide ? 1e-12 : 2e-6);
    }
}

INSTANTIATE_TEST_SUITE_P(Shapes, ConvolutionOperator,
                         testing::Values(Convolution{6, 5, 2, 3, 3, 3, 1, 1, 1, 1, 1, "same"}, Convolution{6, 5, 2, 3, 3, 3, 1, 1, 1, 1, 1, "valid"},
                                         Convolution{8, 8, 2, 3, 3, 3, 2, 2, 1, 1, 1, "same"}, Convolution{7, 8, 1, 4, 5, 4, 2, 3, 1, 1, 1, "same"},
                                         Convolution{8, 7, 2, 2, 3, 3, 1, 1, 2, 2, 1, "same"}, Convolution{6, 6, 4, 4, 3, 3, 1, 1, 1, 1, 2, "same"},
                                         Convolution{6, 6, 3, 3, 3, 3, 2, 2, 1, 1, 3, "valid"}, Convolution{4, 4, 3, 5, 1, 1, 1, 1, 1, 1, 1, "valid"}));

TEST(LayerOperator, OfADenseLayerIsItsTransposedKernel) {
    const auto backend = engine::make_cpu_backend();
    const std::vector<double> kernel{1, 2, 3, 4, 5, 6};
    const engine::LayerSpec spec{.where = "test", .attributes = {{"units", 2}, {"use_bias", false}}, .inputs = {{3}}, .parameters = {{3, 2}}};
    const auto layer = engine::make_layer("dense", spec);
    const engine::Buffer weights = backend->from_host(kernel, engine::DType::float64);
    const LayerOperator op(*backend, *layer, {3}, {weights.const_view()}, engine::DType::float64);
    EXPECT_EQ(written_out(op), (std::vector<double>{1, 3, 5, 2, 4, 6}));
}

}  // namespace
}  // namespace assay::linop
