#include "libanalysis/spectral/host_basis.hpp"

#include "libanalysis/core/clones.hpp"
#include "libanalysis/spectral/sums.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <thread>

namespace assay::spectral {
namespace {

constexpr std::size_t lanes = 8;             // of an accumulator, on every instruction set
constexpr std::size_t chunk_rows = 1024;     // so many rows of all vectors stay in the second-level cache between two uses
constexpr std::size_t block_rows = 16 * chunk_rows;              // what one partial sum covers
constexpr std::size_t worth_a_thread = std::size_t{1} << 20;     // values below which starting threads costs more than it gains

typedef double Wide __attribute__((vector_size(lanes * sizeof(double))));
typedef float Narrow __attribute__((vector_size(lanes * sizeof(float))));

__attribute__((always_inline)) inline void load(const double* from, Wide& to) { std::memcpy(&to, from, sizeof to); }
__attribute__((always_inline)) inline void load(const float* from, Wide& to) {
    Narrow narrow;
    std::memcpy(&narrow, from, sizeof narrow);
    to = __builtin_convertvector(narrow, Wide);
}
__attribute__((always_inline)) inline double fold(const Wide& a) {
    return ((a[0] + a[4]) + (a[2] + a[6])) + ((a[1] + a[5]) + (a[3] + a[7]));
}

/// sums[c] += v[c] . w over `rows` rows from `offset` on; four vectors share every load of w.
template <class T>
ASSAY_CLONES void add_dots(const T* const* v, std::size_t count, std::size_t offset, const double* w, std::size_t rows, double* sums) {
    std::size_t c = 0;
    for (; c + 4 <= count; c += 4) {
        const T *v0 = v[c] + offset, *v1 = v[c + 1] + offset, *v2 = v[c + 2] + offset, *v3 = v[c + 3] + offset;
        Wide s0 = {}, s1 = {}, s2 = {}, s3 = {}, x, y;
        for (std::size_t i = 0; i < rows; i += lanes) {
            load(w + i, y);
            load(v0 + i, x), s0 += x * y;
            load(v1 + i, x), s1 += x * y;
            load(v2 + i, x), s2 += x * y;
            load(v3 + i, x), s3 += x * y;
        }
        sums[c] += fold(s0), sums[c + 1] += fold(s1), sums[c + 2] += fold(s2), sums[c + 3] += fold(s3);
    }
    for (; c < count; ++c) {
        const T* v0 = v[c] + offset;
        Wide s0 = {}, x, y;
        for (std::size_t i = 0; i < rows; i += lanes) load(w + i, y), load(v0 + i, x), s0 += x * y;
        sums[c] += fold(s0);
    }
}

/// w += sum_c factor[c] v[c].
template <class T>
ASSAY_CLONES void add_combination(const T* const* v, std::size_t count, std::size_t offset, const double* factor, double* w,
                                  std::size_t rows) {
    std::size_t c = 0;
    for (; c + 4 <= count; c += 4) {
        const T *v0 = v[c] + offset, *v1 = v[c + 1] + offset, *v2 = v[c + 2] + offset, *v3 = v[c + 3] + offset;
        const double f0 = factor[c], f1 = factor[c + 1], f2 = factor[c + 2], f3 = factor[c + 3];
        Wide x, y;
        for (std::size_t i = 0; i < rows; i += lanes) {
            load(w + i, y);
            load(v0 + i, x), y += f0 * x;
            load(v1 + i, x), y += f1 * x;
            load(v2 + i, x), y += f2 * x;
            load(v3 + i, x), y += f3 * x;
            std::memcpy(w + i, &y, sizeof y);
        }
    }
    for (; c < count; ++c) {
        const T* v0 = v[c] + offset;
        const double f0 = factor[c];
        Wide x, y;
        for (std::size_t i = 0; i < rows; i += lanes) load(w + i, y), load(v0 + i, x), y += f0 * x, std::memcpy(w + i, &y, sizeof y);
    }
}

template <class T>
ASSAY_CLONES void widen(const T* from, double* to, std::size_t rows) {
    for (std::size_t i = 0; i < rows; ++i) to[i] = static_cast<double>(from[i]);
}

/// Rounds to T and leaves what was stored in `from`, so that later sums are those of the stored vector.
template <class T>
ASSAY_CLONES void narrow(double* from, T* to, std::size_t rows) {
    for (std::size_t i = 0; i < rows; ++i) {
        to[i] = static_cast<T>(from[i]);
        from[i] = static_cast<double>(to[i]);
    }
}

template <class T>
ASSAY_CLONES void scale_kernel(T* x, double factor, std::size_t rows) {
    for (std::size_t i = 0; i < rows; ++i) x[i] = static_cast<T>(factor * static_cast<double>(x[i]));
}

double largest(const std::vector<double>& values, std::size_t count) {
    double most = 0;
    for (std::size_t i = 0; i < count; ++i) most = std::max(most, std::abs(values[i]));
    return most;
}

}  // namespace

template <class T>
HostBasis<T>::HostBasis(std::size_t n, int threads) : Basis<T>(n), padded_((n + lanes - 1) / lanes * lanes), threads_(std::max(threads, 1)) {}

template <class T>
std::span<T> HostBasis<T>::vector(std::size_t i) {
    if (i >= vectors_.size()) vectors_.resize(i + 1);
    if (!vectors_[i]) {
        vectors_[i] = std::make_unique_for_overwrite<T[]>(padded_);
        std::fill(vectors_[i].get() + this->length(), vectors_[i].get() + padded_, T{0});
    }
    return {vectors_[i].get(), this->length()};
}

template <class T>
std::vector<const T*> HostBasis<T>::pointers(std::size_t first, std::size_t count) {
    std::vector<const T*> result(count);
    for (std::size_t c = 0; c < count; ++c) result[c] = vector(first + c).data();
    return result;
}

template <class T>
void HostBasis<T>::multiply(const linop::LinearOperator& a, std::size_t i, std::size_t j) {
    a.apply(std::span<const T>(vector(i)), vector(j));
}

template <class T>
void HostBasis<T>::copy(std::size_t i, Basis<T>& from, std::size_t j) {
    const std::span<const T> values = vector(from, j);
    std::copy(values.begin(), values.end(), vector(i).begin());
}

template <class T>
double HostBasis<T>::dot(std::size_t i, Basis<T>& other, std::size_t j, std::size_t first, std::size_t count) {
    return spectral::dot(vector(*this, i).subspan(first, count), vector(other, j).subspan(first, count));
}

template <class T>
double HostBasis<T>::squared_distance(double factor, std::size_t i, Basis<T>& other, std::size_t j) {
    return spectral::squared_distance(factor, vector(*this, i), vector(other, j));
}

/// work(block, first row, end row) for every block; each block is done by one thread.
template <class T>
template <class Work>
void HostBasis<T>::for_blocks(std::size_t vectors, Work&& work) const {
    const std::size_t blocks = (padded_ + block_rows - 1) / block_rows;
    const std::size_t wanted = padded_ * vectors < worth_a_thread ? 1 : static_cast<std::size_t>(threads_);
    const std::size_t threads = std::min(wanted, std::max<std::size_t>(blocks, 1));
    const auto serve = [&](std::size_t t) {
        for (std::size_t b = t * blocks / threads; b < (t + 1) * blocks / threads; ++b)
            work(b, b * block_rows, std::min((b + 1) * block_rows, padded_));
    };
    std::vector<std::jthread> others;
    for (std::size_t t = 1; t < threads; ++t) others.emplace_back(serve, t);
    serve(0);
}

/// The sums of `width` values to which work(chunk's first row, its rows, sums) adds.
template <class T>
template <class Work>
std::vector<double> HostBasis<T>::sum_over_blocks(std::size_t vectors, std::size_t width, Work&& work) const {
    const std::size_t blocks = (padded_ + block_rows - 1) / block_rows;
    std::vector<double> partial(blocks * width), total(width);
    for_blocks(vectors, [&](std::size_t block, std::size_t first, std::size_t end) {
        for (std::size_t row = first; row < end; row += chunk_rows) work(row, std::min(chunk_rows, end - row), partial.data() + block * width);
    });
    for (std::size_t b = 0; b < blocks; ++b)
        for (std::size_t i = 0; i < width; ++i) total[i] += partial[b * width + i];
    return total;
}

template <class T>
std::vector<double> HostBasis<T>::dots(std::size_t count, std::size_t with) {
    vector(with);
    std::vector<const T*> v = pointers(0, count);
    v.push_back(vectors_[with].get());
    return sum_over_blocks(count + 1, count + 1, [&](std::size_t row, std::size_t rows, double* sums) {
        alignas(64) double w[chunk_rows];
        widen(v[count] + row, w, rows);
        add_dots(v.data(), count + 1, row, w, rows, sums);
    });
}

template <class T>
std::vector<double> HostBasis<T>::add(std::size_t last, std::span<const double> factors) {
    const std::vector<const T*> v = pointers(0, last + 1);
    T* target = vectors_[last].get();
    return sum_over_blocks(last + 1, last + 1, [&](std::size_t row, std::size_t rows, double* sums) {
        alignas(64) double w[chunk_rows];
        widen(target + row, w, rows);
        add_combination(v.data(), last, row, factors.data(), w, rows);
        narrow(w, target + row, rows);
        add_dots(v.data(), last + 1, row, w, rows, sums);
    });
}

template <class T>
void HostBasis<T>::scale(std::size_t i, double factor) {
    T* x = vector(i).data();
    for_blocks(1, [&](std::size_t, std::size_t first, std::size_t end) { scale_kernel(x + first, factor, end - first); });
}

template <class T>
void HostBasis<T>::combine_vectors(std::size_t first, std::size_t count, std::span<const double> weights, std::size_t keep) {
    const std::vector<const T*> v = pointers(first, count);
    for_blocks(2 * count, [&](std::size_t, std::size_t from, std::size_t end) {
        std::vector<double> made(keep * chunk_rows);
        for (std::size_t row = from; row < end; row += chunk_rows) {
            const std::size_t rows = std::min(chunk_rows, end - row);
            std::fill(made.begin(), made.end(), 0.0);
            for (std::size_t j = 0; j < keep; ++j)
                add_combination(v.data(), count, row, weights.data() + j * count, made.data() + j * chunk_rows, rows);
            for (std::size_t j = 0; j < keep; ++j) narrow(made.data() + j * chunk_rows, vectors_[first + j].get() + row, rows);
        }
    });
}

template <class T>
void HostBasis<T>::swap_vectors(std::size_t i, std::size_t j) {
    if (std::max(i, j) >= vectors_.size()) vectors_.resize(std::max(i, j) + 1);
    std::swap(vectors_[i], vectors_[j]);
}

template <class T>
double HostBasis<T>::orthogonality(std::size_t count) {
    const std::vector<const T*> v = pointers(0, count);
    const std::size_t pairs = count * (count - 1) / 2;
    if (count < 2) return 0;
    const std::vector<double> sums = sum_over_blocks(count, pairs, [&](std::size_t row, std::size_t rows, double* out) {
        alignas(64) double w[chunk_rows];
        for (std::size_t j = 1; j < count; ++j) {
            widen(v[j] + row, w, rows);
            add_dots(v.data(), j, row, w, rows, out + j * (j - 1) / 2);
        }
    });
    return largest(sums, pairs);
}

template class HostBasis<float>;
template class HostBasis<double>;

}  // namespace assay::spectral
