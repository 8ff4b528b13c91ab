// Vectors, pointwise functions, rows and columns: what the functors give is what the CPU backend gives.

#include "libanalysis/engine/device/maps.hpp"
#include "libanalysis/engine/device/rows.hpp"
#include "libanalysis/engine/device/vectors.hpp"
#include "tests/engine/backend/pointwise_table.hpp"
#include "tests/engine/device/host_system.hpp"

namespace assay::test {

namespace {

using engine::Pointwise;

template <class T>
class ElementwiseFunctors : public testing::Test {
protected:
    std::unique_ptr<engine::Backend> cpu = engine::make_cpu_backend();
};
TYPED_TEST_SUITE(ElementwiseFunctors, Precisions);

constexpr std::int64_t sizes[] = {0, 1, 31, 33, 5000};

TYPED_TEST(ElementwiseFunctors, WorkOnVectors) {
    using T = TypeParam;
    for (const std::int64_t n : sizes) {
        std::vector<T> x = random<T>(n, 1), y = random<T>(n, 2), z = random<T>(n, 3);
        const auto expect = [&](auto primitive, auto body, const char* what) {   // both change z, from the same start
            std::vector<T> expected = z;
            std::swap(z, expected);
            primitive(view(expected));
            each(n, body(z.data()));
            expect_close(z, expected, what);
        };
        expect([&](engine::View to) { this->cpu->fill(to, 0.3); }, [&](T* to) { return engine::device::Fill<T>{T(0.3), to}; }, "fill");
        expect([&](engine::View to) { this->cpu->axpy(0.7, view(x), to); }, [&](T* to) { return engine::device::Axpy<T>{T(0.7), x.data(), to}; }, "axpy");
        expect([&](engine::View to) { this->cpu->scale(-1.1, to); }, [&](T* to) { return engine::device::Scale<T>{T(-1.1), to}; }, "scale");
        for (const bool add : {false, true}) {
            expect([&](engine::View to) { this->cpu->multiply(view(x), view(y), to, add); },
                   [&](T* to) { return engine::device::Multiply<T>{x.data(), y.data(), to, add}; }, "multiply");
        }
        std::vector<double> sum(static_cast<std::size_t>(n), 1e9), expected_sum = sum;
        this->cpu->accumulate(view(x), view(expected_sum));
        each(n, engine::device::Accumulate<T>{x.data(), sum.data()});
        EXPECT_EQ(sum, expected_sum);
        std::vector<float> narrow(static_cast<std::size_t>(n)), expected_narrow = narrow;
        this->cpu->copy(view(x), view(expected_narrow));
        each(n, engine::device::Convert<T, float>{x.data(), narrow.data()});
        EXPECT_EQ(narrow, expected_narrow);
    }
}

TYPED_TEST(ElementwiseFunctors, CombineVectorsInFloat64) {
    using T = TypeParam;
    using Combine = engine::device::Combine<T, T, T>;
    for (const std::int64_t n : sizes) {
        for (const int count : {1, 3, Combine::capacity}) {
            std::vector<std::vector<T>> xs;
            std::vector<T> y = random<T>(n, 1), expected = y, sum = y, expected_sum = y;
            for (int k = 0; k < count; ++k) xs.push_back(random<T>(n, 10 + static_cast<std::uint64_t>(k)));
            std::vector<engine::ConstView> views;
            std::vector<double> factors;
            Combine combine{y.data(), y.data(), 1.0, count, {}, {}};
            engine::device::Combine<T, double, T> fold{nullptr, sum.data(), 0.5, count, {}, {}};
            for (int k = 0; k < count; ++k) {
                views.push_back(view(xs[static_cast<std::size_t>(k)]));
                factors.push_back(0.25 * k - 1);
                combine.xs[k] = fold.xs[k] = xs[static_cast<std::size_t>(k)].data();
                combine.factors[k] = factors.back();
                fold.factors[k] = 1;
            }
            this->cpu->add_combination(views, factors, view(expected));
            each(n, combine);
            expect_close(y, expected, "add_combination");
            this->cpu->fold(views, 0.5, view(expected_sum));
            each(n, fold);
            EXPECT_EQ(sum, expected_sum) << "without products both round alike";
        }
    }
    // In float32 the small term would be lost, and so would the part that passes through scratch memory.
    std::vector<T> large{T(33554432.0)}, small{T(1)}, minus{T(-33554432.0)}, sum{T(0)};
    std::vector<double> scratch{0.0};
    each(1, engine::device::Combine<T, double, double>{nullptr, scratch.data(), 1.0, 2, {large.data(), small.data()}, {1, 1}});
    each(1, engine::device::Combine<T, double, T>{scratch.data(), sum.data(), 2.0, 1, {minus.data()}, {1}});
    EXPECT_EQ(sum[0], T(2));
}

TYPED_TEST(ElementwiseFunctors, SpreadRowsAndColumns) {
    using T = TypeParam;
    constexpr std::int64_t shapes[][2] = {{0, 3}, {3, 0}, {1, 1}, {33, 1}, {1, 33}, {31, 32}, {7, 130}, {200, 10}};
    for (const auto& [rows, cols] : shapes) {
        const std::int64_t n = rows * cols;
        std::vector<T> row = random<T>(cols, 1), row2 = random<T>(cols, 2), shift = random<T>(cols, 3), column = random<T>(rows, 4);
        std::vector<T> x = random<T>(n, 5), x2 = random<T>(n, 6), y = random<T>(n, 7), expected = y;
        this->cpu->add_row(view(row), view(expected), rows, cols);
        each(n, engine::device::AddRow<T>{row.data(), y.data(), cols});
        expect_close(y, expected, "add_row");
        for (const bool add : {false, true}) {
            this->cpu->multiply_column(view(column), view(x), view(expected), rows, cols, add);
            each(n, engine::device::MultiplyColumn<T>{column.data(), x.data(), y.data(), cols, add});
            expect_close(y, expected, "multiply_column");
            for (const bool second : {false, true}) {
                for (const bool shifted : {false, true}) {
                    const auto there = [](bool is, std::vector<T>& values) { return is ? engine::ConstView(view(values)) : engine::ConstView{}; };
                    this->cpu->affine_rows(view(x), view(row), there(second, x2), there(second, row2), there(shifted, shift), view(expected), rows, cols, add);
                    each(n, engine::device::AffineRows<T>{x.data(), row.data(), second ? x2.data() : nullptr, second ? row2.data() : nullptr,
                                                          shifted ? shift.data() : nullptr, y.data(), cols, add});
                    expect_close(y, expected, "affine_rows");
                }
            }
        }
    }
}

TYPED_TEST(ElementwiseFunctors, MapPointwiseFunctions) {
    using T = TypeParam;
    for (const PointwiseRow& row : pointwise_table()) {
        const Pointwise f = row.f;
        const engine::PointwiseParameters parameters = row.parameters;
        const engine::pointwise::Parameters<T> p(parameters);
        SCOPED_TRACE(testing::Message() << "function " << static_cast<int>(f));
        for (const std::int64_t n : sizes) {
            std::vector<T> x = random<T>(n, 1), a = random<T>(n, 2), b = random<T>(n, 3), y = random<T>(n, 4), expected = y;
            for (T& value : x) value = static_cast<T>(away_from_kinks(row, static_cast<double>(value)));
            engine::pointwise::select(f, [&]<class F>(F) {
                this->cpu->map(f, parameters, view(x), view(expected));
                each(n, engine::device::Map<F, T>{p, x.data(), y.data()});
                expect_close(y, expected, "value");
                for (const bool add : {false, true}) {
                    this->cpu->map_first(f, parameters, view(x), view(a), view(expected), add);
                    each(n, engine::device::MapFirst<F, T>{p, x.data(), a.data(), y.data(), add});
                    expect_close(y, expected, "first derivative");
                    this->cpu->map_second(f, parameters, view(x), view(a), view(b), view(expected), add);
                    each(n, engine::device::MapSecond<F, T>{p, x.data(), a.data(), b.data(), y.data(), add});
                    expect_close(y, expected, "second derivative");
                }
            });
        }
    }
}

}  // namespace

}  // namespace assay::test
