#pragma once
// Sums in float64, cut into parts that depend on the shape alone, so that the same arguments give the same bits. A term is a functor
// (row, column) -> float64; parts are summed by a block (Piece) or by a thread (SumRow, SumStrand), and partial sums once more.

#include "libanalysis/engine/device/index.hpp"

namespace assay::engine::device {

struct Add {
    ASSAY_HOST_DEVICE double operator()(double a, double b) const { return a + b; }
};

struct Largest {
    ASSAY_HOST_DEVICE double operator()(double a, double b) const { return b > a ? b : a; }
};

// ---- terms ----

/// x[r, c].
template <class T>
struct Element {
    const T* x;
    std::int64_t cols;
    ASSAY_HOST_DEVICE double operator()(std::int64_t r, std::int64_t c) const { return static_cast<double>(x[r * cols + c]); }
};

/// x[r, c] y[r, c].
template <class T>
struct Product {
    const T* x;
    const T* y;
    std::int64_t cols;
    ASSAY_HOST_DEVICE double operator()(std::int64_t r, std::int64_t c) const {
        return static_cast<double>(x[r * cols + c]) * static_cast<double>(y[r * cols + c]);
    }
};

/// x[r, c] (y[r, c] + shift[c]).
template <class T>
struct ShiftedProduct {
    const T* x;
    const T* y;
    const T* shift;
    std::int64_t cols;
    ASSAY_HOST_DEVICE double operator()(std::int64_t r, std::int64_t c) const {
        return static_cast<double>(x[r * cols + c]) * (static_cast<double>(y[r * cols + c]) + static_cast<double>(shift[c]));
    }
};

/// xs[r][c] y[c]: every row lies elsewhere. They travel by value, so at most `capacity` at a time.
template <class T>
struct ProductWithRow {
    static constexpr int capacity = 64;
    const T* y;
    const T* xs[capacity];
    ASSAY_HOST_DEVICE double operator()(std::int64_t r, std::int64_t c) const { return static_cast<double>(xs[r][c]) * static_cast<double>(y[c]); }
};

/// One of `parts` partial sums of each result: [parts, results].
struct Partial {
    const double* partial;
    std::int64_t results;
    ASSAY_HOST_DEVICE double operator()(std::int64_t result, std::int64_t part) const { return partial[part * results + result]; }
};

// ---- where sums go ----

/// out[r] (+)= sum.
template <class T>
struct Store {
    T* out;
    bool accumulate;
    ASSAY_HOST_DEVICE void operator()(std::int64_t r, double sum) const {
        out[r] = static_cast<T>(accumulate ? static_cast<double>(out[r]) + sum : sum);
    }
};

/// Partial sums of `rows` rows, counted as Piece does, into columns first .. first + rows - 1 of partial [pieces, results].
struct StorePiece {
    double* partial;
    Extent rows;
    std::int64_t first, results;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i, double sum) const {
        const std::int64_t row = rows.split(i);
        partial[i * results + first + row] = sum;
    }
};

// ---- parts ----

/// Rows cut into pieces of `length` columns. Result i is piece i / rows of row i % rows: neighbours read the same piece of what all
/// rows share.
template <class Term>
struct Piece {
    Term term;
    Extent rows;
    std::int64_t cols, length;
    ASSAY_HOST_DEVICE double operator()(std::int64_t i, std::int64_t at) const {
        const std::int64_t row = rows.split(i), c = i * length + at;
        return c < cols ? term(row, c) : 0.0;
    }
};

/// The sum of a short row by one thread.
template <class Term, class Target>
struct SumRow {
    Term term;
    Target store;
    std::int64_t cols;
    ASSAY_HOST_DEVICE void operator()(std::int64_t r) const {
        double sum = 0;
        for (std::int64_t c = 0; c < cols; ++c) sum += term(r, c);
        store(r, sum);
    }
};

/// Column sums in `strands` parts: strand s takes rows s, s + strands, ... Index s cols + c; neighbouring indices read neighbouring
/// elements however few columns there are.
template <class Term, class Target>
struct SumStrand {
    Term term;
    Target store;
    std::int64_t rows;
    Extent cols;
    std::int64_t strands;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        std::int64_t r = i;
        const std::int64_t c = cols.split(r);
        double sum = 0;
        for (; r < rows; r += strands) sum += term(r, c);
        store(i, sum);
    }
};

// ---- softmax ----

/// Softmax of a short row by one thread. y may be x.
template <class T>
struct SoftmaxRow {
    const T* x;
    T* y;
    std::int64_t cols;
    ASSAY_HOST_DEVICE void operator()(std::int64_t r) const {
        const T* from = x + r * cols;
        T* to = y + r * cols;
        T largest = from[0];
        for (std::int64_t c = 1; c < cols; ++c) largest = from[c] > largest ? from[c] : largest;
        double sum = 0;
        for (std::int64_t c = 0; c < cols; ++c) {
            to[c] = elementary::exp(from[c] - largest);
            sum += static_cast<double>(to[c]);
        }
        for (std::int64_t c = 0; c < cols; ++c) to[c] = static_cast<T>(static_cast<double>(to[c]) / sum);
    }
};

/// A term that also writes: y[r, c] = exp(x[r, c] - largest[r]). y may be x.
template <class T>
struct Exponential {
    const T* x;
    T* y;
    const double* largest;
    std::int64_t cols;
    ASSAY_HOST_DEVICE double operator()(std::int64_t r, std::int64_t c) const {
        const T value = elementary::exp(x[r * cols + c] - static_cast<T>(largest[r]));
        y[r * cols + c] = value;
        return static_cast<double>(value);
    }
};

/// y[r, c] /= sums[r].
template <class T>
struct DivideRow {
    T* y;
    const double* sums;
    Extent cols;
    ASSAY_HOST_DEVICE void operator()(std::int64_t i) const {
        y[i] = static_cast<T>(static_cast<double>(y[i]) / sums[cols.divide(i)]);
    }
};

}  // namespace assay::engine::device
