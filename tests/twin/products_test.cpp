// Products by cuBLAS: every transposition, leading dimension and distance, extents of zero, factors of zero, against loops.

#include "tests/twin/lane_support.hpp"

#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace assay::test {
namespace {

using engine::Buffer;
using engine::DType;

struct Case {
    bool transpose_a, transpose_b;
    std::int64_t m, n, k, lda, stride_a, ldb, stride_b, ldc, stride_c, count;
    double alpha, beta;
};

Case drawn(std::mt19937& random) {
    const auto below = [&](int bound) { return static_cast<std::int64_t>(random() % static_cast<unsigned>(bound)); };
    Case c{below(2) == 1, below(2) == 1, below(6), below(6), below(6), 0, 0, 0, 0, 0, 0, below(5), 0, 0};
    c.lda = (c.transpose_a ? c.m : c.k) + below(3);
    c.ldb = (c.transpose_b ? c.k : c.n) + below(3);
    c.ldc = c.n + below(3);
    c.stride_a = below(4) == 0 ? 0 : (c.transpose_a ? c.k : c.m) * c.lda + below(3);
    c.stride_b = below(4) == 0 ? 0 : (c.transpose_b ? c.n : c.k) * c.ldb + below(3);
    c.stride_c = c.m * c.ldc + 1 + below(3);
    c.alpha = std::vector<double>{0, 1, -0.75}[static_cast<std::size_t>(below(3))];
    c.beta = std::vector<double>{0, 1, 0.5}[static_cast<std::size_t>(below(3))];
    return c;
}

std::vector<double> by_loops(const Case& c, const std::vector<double>& a, const std::vector<double>& b, std::vector<double> result) {
    for (std::int64_t q = 0; q < c.count; ++q) {
        for (std::int64_t i = 0; i < c.m; ++i) {
            for (std::int64_t j = 0; j < c.n; ++j) {
                double sum = 0;
                for (std::int64_t l = 0; l < c.k; ++l) {
                    sum += a[static_cast<std::size_t>(q * c.stride_a + (c.transpose_a ? l * c.lda + i : i * c.lda + l))] *
                           b[static_cast<std::size_t>(q * c.stride_b + (c.transpose_b ? j * c.ldb + l : l * c.ldb + j))];
                }
                double& cell = result[static_cast<std::size_t>(q * c.stride_c + i * c.ldc + j)];
                cell = (c.alpha == 0 ? 0 : c.alpha * sum) + (c.beta == 0 ? 0 : c.beta * cell);
            }
        }
    }
    return result;
}

TEST(LaneProducts, EqualLoops) {
    const auto backend = test::backend();
    std::mt19937 random(5);
    std::uniform_real_distribution<double> uniform(-1, 1);
    for (int trial = 0; trial < 600; ++trial) {
        Case c = drawn(random);
        const bool batched = trial % 2 == 0;
        if (!batched) c.count = 1;
        const DType type = trial % 4 < 2 ? DType::float32 : DType::float64;
        // The last row ends where its matrix does: one element more would be outside.
        const auto array = [&](std::int64_t rows, std::int64_t cols, std::int64_t leading, std::int64_t stride, double value) {
            const std::int64_t extent = rows == 0 || cols == 0 || c.count == 0 ? 0 : (c.count - 1) * stride + (rows - 1) * leading + cols;
            std::vector<double> values(static_cast<std::size_t>(extent + (c.count > 0 && extent == 0 ? (c.count - 1) * stride : 0)), value);
            if (!std::isnan(value)) for (double& each : values) each = static_cast<float>(uniform(random));
            return values;
        };
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const auto a = array(c.transpose_a ? c.k : c.m, c.transpose_a ? c.m : c.k, c.lda, c.stride_a, c.alpha == 0 ? nan : 0);
        const auto b = array(c.transpose_b ? c.n : c.k, c.transpose_b ? c.k : c.n, c.ldb, c.stride_b, c.alpha == 0 ? nan : 0);
        const auto before = array(c.m, c.n, c.ldc, c.stride_c, c.beta == 0 ? nan : 0);
        Buffer on_a = backend->from_host(a, type), on_b = backend->from_host(b, type), on_c = backend->from_host(before, type);
        if (batched) {
            backend->gemm_batched(c.transpose_a, c.transpose_b, c.m, c.n, c.k, c.alpha, on_a.const_view(), c.lda, c.stride_a, on_b.const_view(), c.ldb,
                                  c.stride_b, c.beta, on_c.view(), c.ldc, c.stride_c, c.count);
        } else {
            backend->gemm(c.transpose_a, c.transpose_b, c.m, c.n, c.k, c.alpha, on_a.const_view(), c.lda, on_b.const_view(), c.ldb, c.beta,
                          on_c.view(), c.ldc);
        }
        const std::vector<double> found = backend->to_host(on_c.const_view()), expected = by_loops(c, a, b, before);
        ASSERT_EQ(found.size(), expected.size());
        for (std::size_t i = 0; i < found.size(); ++i) {
            if (std::isnan(expected[i])) ASSERT_TRUE(std::isnan(found[i])) << "written between rows: trial " << trial << ", element " << i;
            else ASSERT_NEAR(found[i], expected[i], type == DType::float32 ? 4e-6 : 1e-14) << "trial " << trial << ", element " << i;
        }
    }
}

TEST(LaneProducts, RefuseWhatTheirViewsDoNotHold) {
    const auto b = backend();
    Buffer x = b->zeros(DType::float32, 4), y = b->zeros(DType::float32, 8), wide = b->zeros(DType::float64, 8);
    const auto kind = [&](auto&& call) { return refusal(call).kind(); };
    EXPECT_EQ(kind([&] { b->gemm(false, false, 2, 2, 3, 1, x.const_view(), 3, y.const_view(), 2, 0, y.view(), 2); }), ErrorKind::internal);
    EXPECT_EQ(kind([&] { b->gemm(false, false, 2, 2, 2, 1, x.const_view(), 1, x.const_view(), 2, 0, y.view(), 2); }), ErrorKind::internal);
    EXPECT_EQ(kind([&] { b->gemm(false, false, 2, 2, 2, 1, x.const_view(), 2, x.const_view(), 2, 0, wide.view(), 2); }), ErrorKind::internal);
    EXPECT_EQ(kind([&] { b->gemm(false, false, 1, 1, 1, 1, x.const_view(), std::int64_t{1} << 31, x.const_view(), 1, 0, y.view(), 1); }), ErrorKind::unsupported);
    EXPECT_EQ(kind([&] { b->gemm_batched(false, false, 2, 2, 2, 1, x.const_view(), 2, 0, x.const_view(), 2, 0, 0, y.view(), 2, 4, 3); }), ErrorKind::internal);
    EXPECT_EQ(kind([&] { b->gemm_batched(false, false, 1, 1, 1, 1, x.const_view(), 1, 1, x.const_view(), 1, 1, 1, y.view(), 1, 0, 2); }), ErrorKind::internal);
    EXPECT_EQ(twin::calls()["cublasSgemm_v2"] + twin::calls()["cublasSgemmStridedBatched"], 0);
}

}  // namespace
}  // namespace assay::test
