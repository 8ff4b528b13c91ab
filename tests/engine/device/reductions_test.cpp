// Sums and softmax: what the functors give is what the CPU backend gives, however the terms are cut into parts.

#include "libanalysis/engine/device/reductions.hpp"
#include "tests/engine/device/host_system.hpp"

#include <limits>

namespace assay::test {

namespace {

namespace device = engine::device;

template <class T>
class ReductionFunctors : public testing::Test {
protected:
    std::unique_ptr<engine::Backend> cpu = engine::make_cpu_backend();
};
TYPED_TEST_SUITE(ReductionFunctors, Precisions);

constexpr std::int64_t shapes[][2] = {{0, 3}, {3, 0}, {1, 1}, {33, 1}, {1, 33}, {31, 32}, {7, 130}, {200, 10}, {3, 1001}};

/// store(r, sum of the row's terms), in pieces.
template <class Term, class Target>
void sum_pieces(std::int64_t rows, std::int64_t cols, std::int64_t pieces, Term term, Target store) {
    const std::int64_t length = (cols + pieces - 1) / pieces;
    std::vector<double> partial(static_cast<std::size_t>(pieces * rows), -1e9);
    reduce(pieces * rows, length, 0.0, device::Piece<Term>{term, rows, cols, length}, device::Add{}, device::StorePiece{partial.data(), rows, 0, rows});
    reduce(rows, pieces, 0.0, device::Partial{partial.data(), rows}, device::Add{}, store);
}

TYPED_TEST(ReductionFunctors, SumRows) {
    using T = TypeParam;
    for (const auto& [rows, cols] : shapes) {
        std::vector<T> x = random<T>(rows * cols, 1), y = random<T>(rows * cols, 2);
        for (const bool add : {false, true}) {
            const device::Element<T> element{x.data(), cols};
            const device::Product<T> product{x.data(), y.data(), cols};
            std::vector<T> sums = random<T>(rows, 3), dots = random<T>(rows, 4);
            this->cpu->row_sums(view(x), rows, cols, view(sums), add);
            this->cpu->row_dots(view(x), view(y), rows, cols, view(dots), add);
            std::vector<T> found = random<T>(rows, 3);
            each(rows, device::SumRow<device::Element<T>, device::Store<T>>{element, {found.data(), add}, cols});
            expect_close(found, sums, "a thread for each row");
            for (const std::int64_t pieces : {1, 2, 7}) {
                found = random<T>(rows, 3);
                sum_pieces(rows, cols, pieces, element, device::Store<T>{found.data(), add});
                expect_close(found, sums, "sums in pieces");
                found = random<T>(rows, 4);
                sum_pieces(rows, cols, pieces, product, device::Store<T>{found.data(), add});
                expect_close(found, dots, "products in pieces");
            }
        }
    }
}

TYPED_TEST(ReductionFunctors, SumProductsOfManyVectorsWithOne) {
    using T = TypeParam;
    constexpr std::int64_t n = 1001, pieces = 3, length = 334, count = 5;
    std::vector<T> y = random<T>(n, 1);
    std::vector<std::vector<T>> xs;
    for (std::uint64_t k = 0; k < count; ++k) xs.push_back(random<T>(n, 10 + k));
    std::vector<double> partial(pieces * count, -1e9), dots(count, 0.0);
    for (const auto& [first, rows] : {std::pair<std::int64_t, std::int64_t>{0, 3}, {3, 2}}) {   // two groups into one array of partial sums
        device::ProductWithRow<T> product{y.data(), {}};
        for (std::int64_t k = 0; k < rows; ++k) product.xs[k] = xs[static_cast<std::size_t>(first + k)].data();
        reduce(pieces * rows, length, 0.0, device::Piece<device::ProductWithRow<T>>{product, rows, n, length}, device::Add{},
               device::StorePiece{partial.data(), rows, first, count});
    }
    reduce(count, pieces, 0.0, device::Partial{partial.data(), count}, device::Add{}, device::Store<double>{dots.data(), false});
    for (std::size_t k = 0; k < count; ++k) EXPECT_NEAR(dots[k], this->cpu->dot(view(xs[k]), view(y)), 1e-11);   // of 1001 terms of size 1
}

TYPED_TEST(ReductionFunctors, SumColumns) {
    using T = TypeParam;
    for (const auto& [rows, cols] : shapes) {
        std::vector<T> x = random<T>(rows * cols, 1), y = random<T>(rows * cols, 2), shift = random<T>(cols, 3);
        for (const bool add : {false, true}) {
            std::vector<T> sums = random<T>(cols, 4), dots = sums, shifted = sums;
            const std::vector<T> start = sums;
            this->cpu->column_sums(view(x), rows, cols, view(sums), add);
            this->cpu->column_dots(view(x), view(y), rows, cols, view(dots), add);
            this->cpu->column_dots(view(x), view(y), view(shift), rows, cols, view(shifted), add);
            for (const std::int64_t strands : {1, 2, 5}) {
                const auto expect = [&]<class Term>(Term term, const std::vector<T>& expected, const char* what) {
                    std::vector<T> found = start;
                    std::vector<double> partial(static_cast<std::size_t>(strands * cols), -1e9);
                    each(strands * cols, device::SumStrand<Term, device::Store<double>>{term, {partial.data(), false}, rows, cols, strands});
                    reduce(cols, strands, 0.0, device::Partial{partial.data(), cols}, device::Add{}, device::Store<T>{found.data(), add});
                    expect_close(found, expected, what);
                };
                expect(device::Element<T>{x.data(), cols}, sums, "sums");
                expect(device::Product<T>{x.data(), y.data(), cols}, dots, "products");
                expect(device::ShiftedProduct<T>{x.data(), y.data(), shift.data(), cols}, shifted, "shifted products");
            }
        }
    }
}

TYPED_TEST(ReductionFunctors, GiveSoftmax) {
    using T = TypeParam;
    for (const auto& [rows, cols] : shapes) {
        if (cols == 0) continue;   // nothing is launched
        std::vector<T> x = random<T>(rows * cols, 1), expected(x.size());
        for (std::size_t i = 0; i < x.size(); i += 3) x[i] *= 8;
        for (std::int64_t r = 0; r < rows; r += 2) {   // e^1000 is infinite in both precisions
            for (std::int64_t c = 0; c < cols; ++c) x[static_cast<std::size_t>(r * cols + c)] += 1000;
        }
        this->cpu->softmax(view(x), rows, cols, view(expected));
        std::vector<T> by_thread = x, by_block = x;   // in place
        each(rows, device::SoftmaxRow<T>{by_thread.data(), by_thread.data(), cols});
        expect_close(by_thread, expected, "a thread for each row");
        std::vector<double> largest(static_cast<std::size_t>(rows)), sums(static_cast<std::size_t>(rows));
        reduce(rows, cols, -std::numeric_limits<double>::infinity(), device::Element<T>{x.data(), cols}, device::Largest{},
               device::Store<double>{largest.data(), false});
        reduce(rows, cols, 0.0, device::Exponential<T>{by_block.data(), by_block.data(), largest.data(), cols}, device::Add{},
               device::Store<double>{sums.data(), false});
        each(rows * cols, device::DivideRow<T>{by_block.data(), sums.data(), cols});
        expect_close(by_block, expected, "a block for each row");
    }
    std::vector<T> bad{T(1), std::numeric_limits<T>::quiet_NaN(), T(2)};
    each(1, device::SoftmaxRow<T>{bad.data(), bad.data(), 3});
    for (const T value : bad) EXPECT_TRUE(std::isnan(value)) << "a NaN must not be hidden";
}

}  // namespace

}  // namespace assay::test
