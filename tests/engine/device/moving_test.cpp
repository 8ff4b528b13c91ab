// Moving data: what the functors give is what the CPU backend gives, and an index outside its array touches nothing.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/device/moving.hpp"
#include "tests/engine/device/host_system.hpp"

#include <algorithm>
#include <numeric>

namespace assay::test {

namespace {

namespace device = engine::device;
using device::Fault;

template <class T>
class MovingFunctors : public testing::Test {
protected:
    std::unique_ptr<engine::Backend> cpu = engine::make_cpu_backend();
};
TYPED_TEST_SUITE(MovingFunctors, Precisions);

/// table[index[i], c] += g[i, c] as the CUDA backend does it: a stable sort by index, then a sum for each run.
template <class T>
void add_rows(const std::vector<T>& g, std::vector<std::int32_t> index, std::int64_t cols, std::int64_t height, T* table, Fault& fault) {
    const auto count = static_cast<std::int64_t>(index.size());
    std::vector<std::int32_t> place(index.size());
    each(count, device::Places{place.data()});
    thrust::stable_sort_by_key(host_system(), index.begin(), index.end(), place.begin());
    each(count * cols, device::AddRuns<T>{g.data(), {index.data(), height, &fault, Fault::row_of_table}, place.data(), table, count, cols});
}

TYPED_TEST(MovingFunctors, GatherRowsAndAddThemBackInOrder) {
    using T = TypeParam;
    for (const std::int64_t cols : {1, 3, 33}) {
        for (const std::int64_t count : {0, 1, 31, 2000}) {
            constexpr std::int64_t height = 13;
            std::vector<std::int32_t> index(static_cast<std::size_t>(count));
            for (std::size_t i = 0; i < index.size(); ++i) index[i] = static_cast<std::int32_t>(i * i * 7 % height);   // repeats, some never
            std::vector<T> table = random<T>(height * cols, 1), y(static_cast<std::size_t>(count * cols)), expected = y;
            Fault fault = Fault::none;
            this->cpu->gather_rows(view(table), view(index), cols, view(expected));
            each(count * cols, device::GatherRows<T>{table.data(), {index.data(), height, &fault, Fault::row_of_table}, y.data(), cols});
            EXPECT_EQ(y, expected);
            std::vector<T> g = random<T>(count * cols, 2), expected_table = table;
            this->cpu->scatter_add_rows(view(g), view(index), cols, view(expected_table));
            add_rows(g, index, cols, height, table.data(), fault);
            EXPECT_EQ(table, expected_table) << "the same terms in the same order round alike";
            EXPECT_EQ(fault, Fault::none);
        }
    }
}

TYPED_TEST(MovingFunctors, LeaveAFaultForIndicesOutside) {
    using T = TypeParam;
    constexpr std::int64_t height = 4, cols = 2;
    for (const std::int32_t bad : {std::int32_t{4}, std::int32_t{-1}, std::numeric_limits<std::int32_t>::max(), std::numeric_limits<std::int32_t>::min()}) {
        std::vector<std::int32_t> index{2, bad, 0, bad};
        std::vector<T> table(height * cols, T(1)), y(index.size() * cols, T(7)), g(y.size(), T(2));
        Fault fault = Fault::none;
        each(static_cast<std::int64_t>(y.size()), device::GatherRows<T>{table.data(), {index.data(), height, &fault, Fault::row_of_table}, y.data(), cols});
        EXPECT_EQ(fault, Fault::row_of_table);
        EXPECT_EQ(y, (std::vector<T>{1, 1, 7, 7, 1, 1, 7, 7}));
        fault = Fault::none;
        add_rows(g, index, cols, height, table.data(), fault);
        EXPECT_EQ(fault, Fault::row_of_table);
        EXPECT_EQ(table, (std::vector<T>{3, 3, 1, 1, 3, 3, 1, 1}));
    }
}

TEST(Fault, IsTheErrorThatTheCpuGives) {
    EXPECT_NO_THROW(device::throw_fault(Fault::none));
    const auto cpu = engine::make_cpu_backend();
    std::vector<std::int32_t> index{5};
    std::vector<float> x(5), y(1);
    for (const auto& [fault, primitive] : {std::pair{Fault::gather, 0}, {Fault::scatter_add, 1}, {Fault::row_of_table, 2}}) {
        const auto where = [](auto&& fails) -> std::string {
            try {
                fails();
            } catch (const Error& error) {
                EXPECT_EQ(error.kind(), ErrorKind::data);
                return error.parts().where;
            }
            return "nothing was thrown";
        };
        EXPECT_EQ(where([&, fault = fault] { device::throw_fault(fault); }), where([&, primitive = primitive] {
            if (primitive == 0) cpu->gather(view(x), view(index), view(y));
            else if (primitive == 1) cpu->scatter_add(view(y), view(index), view(x));
            else cpu->gather_rows(view(x), view(index), 1, view(y));
        }));
    }
}

TYPED_TEST(MovingFunctors, PermuteAxes) {
    using T = TypeParam;
    const std::vector<std::int64_t> shape{3, 4, 1, 5, 2};
    std::vector<std::int64_t> order(shape.size());
    std::iota(order.begin(), order.end(), 0);
    do {
        for (const bool add : {false, true}) {
            std::vector<T> x = random<T>(120, 1), y = random<T>(120, 2), expected = y;
            this->cpu->permute(view(x), shape, order, view(expected), add);
            device::Permute<T> body{x.data(), y.data(), add, static_cast<int>(shape.size()), {}, {}};
            for (std::size_t axis = 0; axis < shape.size(); ++axis) {
                const auto from = static_cast<std::size_t>(order[axis]);
                body.extent[axis] = shape[from];
                body.step[axis] = std::accumulate(shape.begin() + static_cast<std::ptrdiff_t>(from) + 1, shape.end(), std::int64_t{1}, std::multiplies<>());
            }
            each(120, body);
            EXPECT_EQ(y, expected);
        }
    } while (std::next_permutation(order.begin(), order.end()));
    T one = 2.5, to = 0;
    each(1, device::Permute<T>{&one, &to, false, 0, {}, {}});
    EXPECT_EQ(to, one) << "no axes";
}

TYPED_TEST(MovingFunctors, CopyBlocks) {
    using T = TypeParam;
    const std::int64_t rows = 4, cols = 3, from_stride = 5, to_stride = 7;
    for (const bool add : {false, true}) {
        std::vector<T> x = random<T>(3 * from_stride + cols, 1), y = random<T>(3 * to_stride + cols, 2), expected = y;
        this->cpu->copy_block(rows, cols, view(x), from_stride, view(expected), to_stride, add);
        each(rows * cols, device::CopyBlock<T>{x.data(), y.data(), cols, from_stride, to_stride, add});
        EXPECT_EQ(y, expected);
    }
}

}  // namespace

}  // namespace assay::test
