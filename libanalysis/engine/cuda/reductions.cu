// Reductions: sums in float64, in parts that depend on the shape alone.

#include "libanalysis/engine/cuda/cuda_backend.hpp"
#include "libanalysis/engine/cuda/launch.hpp"
#include "libanalysis/engine/cuda/scratch_arrays.hpp"
#include "libanalysis/engine/device/reductions.hpp"

#include <algorithm>
#include <limits>

namespace assay::engine::cuda {

namespace {

constexpr std::int64_t short_row = 64;               // up to here a thread sums a row, beyond it a block
constexpr std::int64_t piece_length = 4096;          // of a row that one block sums, until there are
constexpr std::int64_t most_pieces = 1024;           // so many, which fill any device
constexpr std::int64_t strand_length = 8;            // rows that a thread sums at least, before more threads share a column,
constexpr std::int64_t column_threads = 1 << 16;     // up to so many threads in all

std::int64_t divided_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// How rows of `cols` terms are cut: a property of their length alone, so that a row has the same sum among any others.
struct Cut {
    std::int64_t pieces, length;
    explicit Cut(std::int64_t cols)
        : pieces(std::clamp<std::int64_t>(divided_up(cols, piece_length), 1, most_pieces)), length(divided_up(cols, pieces)) {}
};

/// store(r, sum of term(r, c) over the columns) for every row.
template <class Term, class Target>
void sum_rows(Lane& lane, std::int64_t rows, std::int64_t cols, Term term, Target store) {
    if (cols <= short_row) return each(lane.stream(), rows, device::SumRow<Term, Target>{term, store, cols});
    const Cut cut(cols);
    const device::Piece<Term> piece{term, rows, cols, cut.length};
    if (cut.pieces == 1) return reduce(lane.stream(), rows, cut.length, 0.0, piece, device::Add{}, store);
    const auto [partial] = scratch_arrays<double>(lane, {cut.pieces * rows});
    reduce(lane.stream(), cut.pieces * rows, cut.length, 0.0, piece, device::Add{}, device::StorePiece{partial, rows, 0, rows});
    reduce(lane.stream(), rows, cut.pieces, 0.0, device::Partial{partial, rows}, device::Add{}, store);
}

/// store(c, sum of term(r, c) over the rows) for every column.
template <class Term, class Target>
void sum_columns(Lane& lane, std::int64_t rows, std::int64_t cols, Term term, Target store) {
    if (cols == 0) return;
    const std::int64_t strands = std::max<std::int64_t>(std::min(divided_up(rows, strand_length), divided_up(column_threads, cols)), 1);
    if (strands == 1) return each(lane.stream(), cols, device::SumStrand<Term, Target>{term, store, rows, cols, strands});
    const auto [partial] = scratch_arrays<double>(lane, {strands * cols});
    using ToPartial = device::Store<double>;
    each(lane.stream(), strands * cols, device::SumStrand<Term, ToPartial>{term, {partial, false}, rows, cols, strands});
    reduce(lane.stream(), cols, strands, 0.0, device::Partial{partial, cols}, device::Add{}, store);
}

}  // namespace

double CudaBackend::dot(ConstView x, ConstView y) {
    require(x.size == y.size, "dot", "vectors of one size");
    return dots({&x, 1}, y)[0];
}

std::vector<double> CudaBackend::dots(std::span<const ConstView> xs, ConstView y) {
    for (const ConstView& x : xs) require(x.size == y.size && x.type == y.type, "dots", "vectors of one size and type");
    std::vector<double> result(xs.size());
    if (xs.empty()) return result;
    with_float(y.type, "dots", [&]<class T>(T) {
        const auto cols = static_cast<std::int64_t>(y.size), results = static_cast<std::int64_t>(xs.size());
        const Cut cut(cols);
        const auto [partial, total] = scratch_arrays<double, double>(*lane_, {cut.pieces * results, results});
        constexpr std::int64_t at_once = device::ProductWithRow<T>::capacity;
        for (std::int64_t first = 0; first < results; first += at_once) {
            const std::int64_t rows = std::min(at_once, results - first);
            device::ProductWithRow<T> product{as<T>(y), {}};
            for (std::int64_t k = 0; k < rows; ++k) product.xs[k] = as<T>(xs[static_cast<std::size_t>(first + k)]);
            reduce(lane_->stream(), cut.pieces * rows, cut.length, 0.0, device::Piece<device::ProductWithRow<T>>{product, rows, cols, cut.length},
                   device::Add{}, device::StorePiece{partial, rows, first, results});
        }
        reduce(lane_->stream(), results, cut.pieces, 0.0, device::Partial{partial, results}, device::Add{}, device::Store<double>{total, false});
        lane_->to_host(total, result.data(), result.size() * sizeof(double));
    });
    return result;
}

void CudaBackend::column_sums(ConstView x, std::int64_t rows, std::int64_t cols, View sums, bool accumulate) {
    require_matrix(x, rows, cols, "column_sums");
    require_matrix(sums, 1, cols, "column_sums");
    with_float_of("column_sums", [&]<class T>(T) {
        sum_columns(*lane_, rows, cols, device::Element<T>{as<T>(x), cols}, device::Store<T>{as<T>(sums), accumulate});
    }, x, sums);
}

void CudaBackend::column_dots(ConstView x, ConstView y, ConstView shift, std::int64_t rows, std::int64_t cols, View dots, bool accumulate) {
    require_column_dots(x, y, shift, rows, cols, dots);
    with_float_of("column_dots", [&]<class T>(T) {
        const device::Store<T> store{as<T>(dots), accumulate};
        if (shift.empty()) sum_columns(*lane_, rows, cols, device::Product<T>{as<T>(x), as<T>(y), cols}, store);
        else sum_columns(*lane_, rows, cols, device::ShiftedProduct<T>{as<T>(x), as<T>(y), as<T>(shift), cols}, store);
    }, x, y, shift.empty() ? x : shift, dots);
}

void CudaBackend::row_sums(ConstView x, std::int64_t rows, std::int64_t cols, View sums, bool accumulate) {
    require_matrix(x, rows, cols, "row_sums");
    require_matrix(sums, rows, 1, "row_sums");
    with_float_of("row_sums", [&]<class T>(T) {
        sum_rows(*lane_, rows, cols, device::Element<T>{as<T>(x), cols}, device::Store<T>{as<T>(sums), accumulate});
    }, x, sums);
}

void CudaBackend::row_dots(ConstView x, ConstView y, std::int64_t rows, std::int64_t cols, View dots, bool accumulate) {
    require_matrix(x, rows, cols, "row_dots");
    require_matrix(y, rows, cols, "row_dots");
    require_matrix(dots, rows, 1, "row_dots");
    with_float_of("row_dots", [&]<class T>(T) {
        sum_rows(*lane_, rows, cols, device::Product<T>{as<T>(x), as<T>(y), cols}, device::Store<T>{as<T>(dots), accumulate});
    }, x, y, dots);
}

void CudaBackend::softmax(ConstView x, std::int64_t rows, std::int64_t cols, View y) {
    require_matrix(x, rows, cols, "softmax");
    require_matrix(y, rows, cols, "softmax");
    if (rows == 0 || cols == 0) return;
    with_float_of("softmax", [&]<class T>(T) {
        if (cols <= short_row) return each(lane_->stream(), rows, device::SoftmaxRow<T>{as<T>(x), as<T>(y), cols});
        const auto [largest, sums] = scratch_arrays<double, double>(*lane_, {rows, rows});
        reduce(lane_->stream(), rows, cols, -std::numeric_limits<double>::infinity(), device::Element<T>{as<T>(x), cols}, device::Largest{},
               device::Store<double>{largest, false});
        reduce(lane_->stream(), rows, cols, 0.0, device::Exponential<T>{as<T>(x), as<T>(y), largest, cols}, device::Add{},
               device::Store<double>{sums, false});
        each(lane_->stream(), rows * cols, device::DivideRow<T>{as<T>(y), sums, cols});
    }, x, y);
}

}  // namespace assay::engine::cuda
