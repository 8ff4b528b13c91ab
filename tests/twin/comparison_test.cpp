// The CUDA backend beside the CPU's: primitives on arrays of many blocks and odd extents, and whole networks; and once more with so little
// scratch memory that everything is done in pieces.

#include "libanalysis/engine/cuda/cuda.hpp"
#include "tests/engine/backend/backend_cases.hpp"
#include "tests/engine/backend/backend_under_test.hpp"
#include "tests/engine/backend/guarded.hpp"
#include "tests/engine/backend/pointwise_table.hpp"
#include "tests/engine/layers/network_cases.hpp"
#include "tests/engine/layers/network_runner.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace assay::test {
namespace {

using engine::Backend;
using engine::Buffer;
using engine::ConstView;
using engine::DType;

/// Arrays with values on a backend, one after the other, and what came out.
class Computed {
public:
    Computed(Backend& backend, DType precision) : b(backend), type_(precision) {}
    ConstView in(std::size_t count, std::uint64_t stream) { return kept_.emplace_back(b.from_host(normals(count, stream), type_)).const_view(); }
    ConstView indices(std::size_t count, std::size_t below, std::uint64_t stream) {
        std::vector<double> values(count);
        for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<double>(Seed{3}.child(stream).bits(i) % below);
        return kept_.emplace_back(b.from_host(values, DType::int32)).const_view();
    }
    engine::View out(std::size_t count, std::uint64_t stream) {
        results_.push_back(b.from_host(normals(count, stream), type_));
        return results_.back().view();
    }
    engine::View integers(std::size_t count) {
        results_.push_back(b.zeros(DType::int32, count));
        return results_.back().view();
    }
    std::vector<std::vector<double>> results() {
        std::vector<std::vector<double>> all;
        for (const Buffer& result : results_) all.push_back(b.to_host(result.const_view()));
        return all;
    }
    Backend& b;

private:
    DType type_;
    std::deque<Buffer> kept_, results_;
};

struct Computation {
    const char* name;
    void (*run)(Computed& r);
};

engine::ConvGeometry convolution(std::int64_t groups) {
    engine::ConvGeometry g;
    g.batch = 5;
    g.in_h = 17, g.in_w = 13, g.in_c = 6;
    g.kernel_h = 3, g.kernel_w = 2, g.stride_h = 2, g.stride_w = 1, g.dilation_h = 1, g.dilation_w = 2;
    g.pad_top = 1, g.pad_left = 0, g.pad_bottom = 2, g.pad_right = 1;
    g.out_h = 9, g.out_w = 12, g.out_c = 8;
    g.groups = groups;
    return g;
}

template <std::int64_t groups>
void convolutions(Computed& r) {
    const engine::ConvGeometry g = convolution(groups);
    const std::size_t x = 5 * 17 * 13 * 6, w = static_cast<std::size_t>(3 * 2 * 6 / groups * 8), y = 5 * 9 * 12 * 8;
    for (const bool add : {false, true}) {
        r.b.conv_forward(g, r.in(x, 1), r.in(w, 2), r.in(8, 3), r.out(y, 4), add);
        r.b.conv_backward_input(g, r.in(y, 5), r.in(w, 6), r.out(x, 7), add);
        r.b.conv_backward_weights(g, r.in(x, 8), r.in(y, 9), r.out(w, 10), add);
    }
}

constexpr Computation computations[] = {
    {"vectors",
     [](Computed& r) {
         constexpr std::size_t n = 70001;
         r.b.axpy(-0.3, r.in(n, 1), r.out(n, 2));
         r.b.scale(1.7, r.out(n, 3));
         r.b.multiply(r.in(n, 4), r.in(n, 5), r.out(n, 6), true);
         const ConstView xs[] = {r.in(n, 7), r.in(n, 8), r.in(n, 9)};
         const double factors[] = {0.5, -2, 0.125};
         r.b.add_combination(xs, factors, r.out(n, 10));
         r.b.fold(xs, 1.0 / 3, r.out(n, 11));
     }},
    {"dots",
     [](Computed& r) {
         constexpr std::size_t n = 70001;
         const ConstView y = r.in(n, 1), xs[] = {r.in(n, 2), r.in(n, 3)};
         const std::vector<double> found = r.b.dots(xs, y);
         for (const double dot : found) r.b.fill(r.out(1, 4), dot);
     }},
    {"products",
     [](Computed& r) {
         for (const bool ta : {false, true})
             for (const bool tb : {false, true})
                 r.b.gemm(ta, tb, 130, 67, 257, 0.5, r.in(130 * 257, 1), ta ? 130 : 257, r.in(67 * 257, 2), tb ? 257 : 67, -1, r.out(130 * 67, 3), 67);
     }},
    {"rows_and_columns",
     [](Computed& r) {
         for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{3001, 7}, {5, 4099}, {257, 129}}) {
             const auto n = static_cast<std::size_t>(rows * cols), m = static_cast<std::size_t>(rows), k = static_cast<std::size_t>(cols);
             r.b.add_row(r.in(k, 1), r.out(n, 2), rows, cols);
             r.b.affine_rows(r.in(n, 3), r.in(k, 4), r.in(n, 5), r.in(k, 6), r.in(k, 7), r.out(n, 8), rows, cols, true);
             r.b.multiply_column(r.in(m, 9), r.in(n, 10), r.out(n, 11), rows, cols, true);
             r.b.column_sums(r.in(n, 12), rows, cols, r.out(k, 13), true);
             r.b.column_dots(r.in(n, 14), r.in(n, 15), r.in(k, 16), rows, cols, r.out(k, 17), true);
             r.b.row_sums(r.in(n, 18), rows, cols, r.out(m, 19), true);
             r.b.row_dots(r.in(n, 20), r.in(n, 21), rows, cols, r.out(m, 22), true);
             r.b.softmax(r.in(n, 23), rows, cols, r.out(n, 24));
         }
     }},
    {"pointwise",
     [](Computed& r) {
         constexpr std::size_t n = 5003;
         for (const PointwiseRow& row : pointwise_table()) {
             if (row.positive) continue;   // of normal numbers half would be NaN
             const engine::Pointwise f = row.f;
             r.b.map(f, row.parameters, r.in(n, 1), r.out(n, 2));
             r.b.map_first(f, row.parameters, r.in(n, 3), r.in(n, 4), r.out(n, 5), true);
             r.b.map_second(f, row.parameters, r.in(n, 6), r.in(n, 7), r.in(n, 8), r.out(n, 9), true);
         }
     }},
    {"convolutions", convolutions<1>},
    {"grouped_convolutions", convolutions<2>},
    {"pooling",
     [](Computed& r) {
         engine::PoolGeometry g;
         g.batch = 7, g.in_h = 11, g.in_w = 9, g.channels = 5, g.out_h = 6, g.out_w = 5, g.pool_h = 3, g.pool_w = 2, g.stride_h = 2, g.stride_w = 2, g.pad_top = 1, g.pad_left = 1;
         const std::size_t x = 7 * 11 * 9 * 5, y = 7 * 6 * 5 * 5;
         r.b.max_pool(g, r.in(x, 1), r.out(y, 2), r.integers(y));
         r.b.average_pool(g, r.in(x, 3), r.out(y, 4));
         r.b.average_pool_transpose(g, r.in(y, 5), r.out(x, 6));
     }},
    {"moving",
     [](Computed& r) {
         r.b.gather(r.in(1000, 1), r.indices(5000, 1000, 2), r.out(5000, 3));
         r.b.scatter_add(r.in(5000, 4), r.indices(5000, 1000, 5), r.out(1000, 6));
         r.b.gather_rows(r.in(77 * 13, 7), r.indices(600, 77, 8), 13, r.out(600 * 13, 9));
         r.b.scatter_add_rows(r.in(600 * 13, 10), r.indices(600, 77, 11), 13, r.out(77 * 13, 12));
         const std::int64_t shape[] = {7, 5, 3, 11, 2}, order[] = {3, 0, 4, 2, 1};
         r.b.permute(r.in(2310, 13), shape, order, r.out(2310, 14), true);
         r.b.copy_block(40, 30, r.in(40 * 33, 15), 33, r.out(40 * 31, 16), 31, true);
     }},
};

class BesideTheCpu : public testing::TestWithParam<std::tuple<Computation, DType>> {};

TEST_P(BesideTheCpu, GivesTheSame) {
    const auto& [computation, type] = GetParam();
    const auto cpu = engine::make_cpu_backend(), cuda = engine::cuda::make_cuda_backend({});
    Computed expected(*cpu, type), found(*cuda, type), again(*cuda, type);
    for (Computed* computed : {&expected, &found, &again}) computation.run(*computed);
    const auto reference = expected.results(), values = found.results();
    ASSERT_EQ(values.size(), reference.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        EXPECT_LE(distance(values[i], reference[i]), type == DType::float32 ? roundoff<float> : 1e-12) << "result " << i;
    }
    EXPECT_EQ(again.results(), values) << "the same bits every time";
}

INSTANTIATE_TEST_SUITE_P(Primitives, BesideTheCpu, testing::Combine(testing::ValuesIn(computations), testing::Values(DType::float32, DType::float64)),
                         [](const auto& tested) { return std::string(std::get<0>(tested.param).name) + "_" + std::string(to_string(std::get<1>(tested.param))); });

class NetworksBesideTheCpu : public testing::TestWithParam<NetworkCase> {};

/// Gradient and Hessian product, by parameters and inputs.
std::vector<std::vector<double>> derivatives(const NetworkCase& tested, DType type, std::unique_ptr<Backend> (*make)()) {
    const auto before = std::exchange(make_backend_under_test, make);
    NetworkRunner net(tested.make(), type, 3);
    make_backend_under_test = before;
    engine::Tape tape = net.forward(net.theta(), net.x());
    std::vector<std::vector<double>> all{net.outputs(tape)};
    const NetworkRunner::Result gradient = net.backward(tape, net.loss_gradient_seeds(tape));
    const NetworkRunner::Result product = net.hessian_product(tape, normals(net.size(), 61), normals(net.x().size(), 62));
    for (const NetworkRunner::Result* result : {&gradient, &product}) all.insert(all.end(), {result->parameters, result->inputs});
    return all;
}

TEST_P(NetworksBesideTheCpu, HaveTheSameDerivatives) {
    for (const DType type : {DType::float32, DType::float64}) {
        const auto expected = derivatives(GetParam(), type, &engine::make_cpu_backend);
        const auto found = derivatives(GetParam(), type, +[] { return engine::cuda::make_cuda_backend({}); });
        for (std::size_t i = 0; i < expected.size(); ++i) {
            // Cancellations in the normalizations, as in the comparison of the two precisions.
            EXPECT_LE(distance(found[i], expected[i]), type == DType::float32 ? 20 * roundoff<float> : 1000 * roundoff<double>) << to_string(type) << " " << i;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Cases, NetworksBesideTheCpu, testing::ValuesIn(network_cases),
                         [](const testing::TestParamInfo<NetworkCase>& tested) { return std::string(tested.param.name); });

class LittleScratch : public testing::TestWithParam<std::tuple<BackendCase, DType>> {};

TEST_P(LittleScratch, PiecesAddUpToTheWhole) {
    const auto& [primitive, type] = GetParam();
    const auto backend = engine::cuda::make_cuda_backend({.workspace = 3000});
    primitive.check(*backend, type);
}

/// Those whose work is cut to the workspace.
std::vector<BackendCase> cut_cases() {
    std::vector<BackendCase> cases;
    for (const BackendCase& tested : backend_cases()) {
        const std::string_view name = tested.primitive;
        if (name == "combinations" || name == "fold_of_parts" || name == "convolution" || name == "convolution_adjoints") cases.push_back(tested);
    }
    return cases;
}

INSTANTIATE_TEST_SUITE_P(Cut, LittleScratch, testing::Combine(testing::ValuesIn(cut_cases()), testing::Values(DType::float32, DType::float64)),
                         [](const auto& tested) { return std::string(std::get<0>(tested.param).primitive) + "_" + std::string(to_string(std::get<1>(tested.param))); });

TEST(LittleScratchCases, AreAllThere) { EXPECT_EQ(cut_cases().size(), 4u); }

}  // namespace
}  // namespace assay::test
