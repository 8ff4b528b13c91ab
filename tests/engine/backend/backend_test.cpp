// What every backend is to do: the table of primitives, refusals, the same bits wherever and whenever.

#include "tests/engine/backend/backend_cases.hpp"

#include "libanalysis/core/error.hpp"
#include "tests/engine/backend/backend_under_test.hpp"
#include "tests/engine/backend/guarded.hpp"
#include "tests/engine/backend/pointwise_table.hpp"

#include <gtest/gtest.h>

#include <set>

namespace assay::test {

namespace {

using engine::DType;

class EveryPrimitive : public testing::TestWithParam<std::tuple<BackendCase, DType>> {};

TEST_P(EveryPrimitive, EqualsLoopsOverDoubles) {
    const auto& [primitive, type] = GetParam();
    const auto backend = make_backend_under_test();
    primitive.check(*backend, type);
}

std::string case_name(const testing::TestParamInfo<std::tuple<BackendCase, DType>>& tested) {
    return std::string(std::get<0>(tested.param).primitive) + "_" + std::string(to_string(std::get<1>(tested.param)));
}

INSTANTIATE_TEST_SUITE_P(Backend, EveryPrimitive,
                         testing::Combine(testing::ValuesIn(backend_cases().begin(), backend_cases().end()),
                                          testing::Values(DType::float32, DType::float64)),
                         case_name);

TEST(PointwiseTable, HasEveryFunction) {
#define ASSAY_POINTWISE(name, functor) engine::Pointwise::name,
    const std::set<engine::Pointwise> known{
#include "libanalysis/engine/pointwise_functions.def"
    };
#undef ASSAY_POINTWISE
    std::set<engine::Pointwise> tested;
    for (const PointwiseRow& row : pointwise_table()) tested.insert(row.f);
    EXPECT_EQ(tested, known);
}

TEST(Backend, RefusesArgumentsThatDoNotFit) {
    const auto b = make_backend_under_test();
    engine::Buffer three = b->zeros(DType::float32, 3), four = b->zeros(DType::float32, 4), wide = b->zeros(DType::float64, 3);
    EXPECT_THROW(b->axpy(1, three.view(), four.view()), Error);
    EXPECT_THROW(b->axpy(1, three.view(), wide.view()), Error) << "two precisions";
    EXPECT_THROW(b->gemm(false, false, 2, 2, 2, 1, four.view(), 2, three.view(), 2, 0, four.view(), 2), Error);
    const engine::Buffer index = b->from_host(std::vector<double>{0, 4, -1}, DType::int32);
    // Indices are values: a device may see them later than the call.
    const auto finished = [&](const auto& call) {
        call();
        b->synchronize();
    };
    EXPECT_THROW(finished([&] { b->gather(four.view(), index.view(), three.view()); }), Error);
    EXPECT_THROW(finished([&] { b->scatter_add(three.view(), index.view(), four.view()); }), Error);
    for (const std::size_t wrong : {1, 2}) {
        EXPECT_THROW(finished([&] { b->gather_rows(four.view(), index.view().slice(wrong, 1), 1, three.view().slice(0, 1)); }), Error);
        EXPECT_THROW(finished([&] { b->scatter_add_rows(three.view().slice(0, 1), index.view().slice(wrong, 1), 1, four.view()); }), Error);
    }
    EXPECT_NO_THROW(finished([&] { b->gather(four.view(), index.view().slice(0, 1), three.view().slice(0, 1)); })) << "a refusal is told once";
}

TEST(Backend, ReportsMemoryThatIsNotThere) {
    const auto b = make_backend_under_test();
    try {
        b->allocate(DType::float64, std::size_t{1} << 59);
        FAIL() << "an allocation of 2^62 bytes succeeded";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::resource);
    }
}

// Where a caller's array starts must not matter: parameters lie at odd offsets of one vector.
TEST(Backend, GivesTheSameBitsOnEveryLaneAndAtEveryAlignment) {
    const auto first = make_backend_under_test();
    const auto second = first->lane();
    engine::ConvGeometry g;
    g.batch = 2;
    g.in_h = g.in_w = g.out_h = g.out_w = 6;
    g.in_c = 5;
    g.out_c = 7;
    g.kernel_h = g.kernel_w = 3;
    g.pad_top = g.pad_left = g.pad_bottom = g.pad_right = 1;
    const auto run = [&](engine::Backend& b, DType type, std::size_t offset) {
        std::vector<double> shift(offset, 0.0), x = shift, w = shift;
        for (const double value : normals(2 * 36 * 5, 1)) x.push_back(value);
        for (const double value : normals(9 * 5 * 7, 2)) w.push_back(value);
        const engine::Buffer dx = b.from_host(x, type), dw = b.from_host(w, type);
        engine::Buffer y = b.zeros(type, 72 * 7), c = b.zeros(type, 72 * 7), gw = b.zeros(type, 9 * 5 * 7);
        const engine::ConstView vx = dx.view().slice(offset, x.size() - offset), vw = dw.view().slice(offset, w.size() - offset);
        b.conv_forward(g, vx, vw, y.view(), false);
        b.conv_backward_weights(g, vx, y.view(), gw.view(), false);
        b.gemm(false, false, 72, 7, 5, 1, vx, 5, vw, 7, 0, c.view(), 7);
        std::vector<double> all = b.to_host(y.view());
        for (const engine::Buffer* more : {&c, &gw}) {
            const std::vector<double> values = b.to_host(more->view());
            all.insert(all.end(), values.begin(), values.end());
        }
        return all;
    };
    for (const DType type : {DType::float32, DType::float64}) {
        const std::vector<double> reference = run(*first, type, 0);
        for (const std::size_t offset : {0, 1, 3, 8, 13}) {
            EXPECT_EQ(run(*first, type, offset), reference);
            EXPECT_EQ(run(*second, type, offset), reference);
        }
    }
}

}  // namespace

}  // namespace assay::test
