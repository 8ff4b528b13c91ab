#include "libanalysis/spectral/krylov.hpp"

#include "libanalysis/engine/parallel.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::spectral {
namespace {

/// The columns `kept` of the eigenvector matrix, one after another.
std::vector<double> columns(const lapack::TridiagonalPairs& pairs, std::span<const std::size_t> kept) {
    const std::size_t n = pairs.values.size();
    std::vector<double> result(kept.size() * n);
    for (std::size_t j = 0; j < kept.size(); ++j) std::copy_n(pairs.vectors.data() + kept[j] * n, n, result.data() + j * n);
    return result;
}

}  // namespace

template <class T>
void Krylov<T>::begin(std::size_t locked, Seed seed) {
    begin(locked, [&](std::span<T> x) {
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(seed.normal(i));
    });
}

template <class T>
void Krylov<T>::begin(std::size_t locked, const std::function<void(std::span<T>)>& fill) {
    basis_->write(locked, fill);
    locked_ = locked;
    diagonal_.clear();
    off_diagonal_.clear();
    coupling_ = 0;
    const Projection projection = basis_->orthogonalise(locked_);
    require_finite(projection.after, "Lanczos, starting vector");
    basis_->scale(locked_, 1 / projection.after);
}

template <class T>
void Krylov<T>::step(const Seen& seen) {
    if (!diagonal_.empty()) off_diagonal_.push_back(coupling_);
    const std::size_t newest = vectors();
    products_.apply(*basis_, newest, newest + 1);
    if (seen) seen(newest, newest + 1);
    if (images_) images_->copy(newest, *basis_, newest + 1);
    const Projection projection = basis_->orthogonalise(newest + 1);
    require_finite(projection.before, "Lanczos");
    scale_ = std::max(scale_, projection.before);
    diagonal_.push_back(projection.coefficients[newest]);
    coupling_ = projection.after;
    if (vectors() == basis_->length() || !(coupling_ > 10 * std::numeric_limits<T>::epsilon() * scale_)) coupling_ = 0;
    if (coupling_ > 0) basis_->scale(newest + 1, 1 / coupling_);
}

template <class T>
lapack::TridiagonalPairs Krylov<T>::ritz() const {
    const engine::SerialLibraries serial;   // too small for threads, and the bits must not depend on them
    return lapack::tridiagonal_eigenpairs(diagonal_, off_diagonal_);
}

template <class T>
double Krylov<T>::residual(const lapack::TridiagonalPairs& pairs, std::size_t i) const {
    const std::size_t m = pairs.values.size();
    return std::abs(coupling_ * pairs.vectors[i * m + m - 1]);
}

template <class T>
void Krylov<T>::restart(const lapack::TridiagonalPairs& pairs, std::span<const std::size_t> kept) {
    const std::size_t m = pairs.values.size(), k = kept.size();
    // In the basis of the Ritz vectors and the next vector the operator is an arrow-head: the Ritz values on the diagonal, and in the
    // last column what couples each to the next vector. Reflections that leave the last vector alone make it tridiagonal.
    std::vector<double> arrow((k + 1) * (k + 1));
    for (std::size_t j = 0; j < k; ++j) {
        arrow[j * (k + 1) + j] = pairs.values[kept[j]];
        arrow[k * (k + 1) + j] = coupling_ * pairs.vectors[kept[j] * m + m - 1];
    }
    const engine::SerialLibraries serial;
    const lapack::Tridiagonal reduced = lapack::tridiagonalise(arrow, k + 1);
    const std::vector<double> ritz_vectors = columns(pairs, kept);
    std::vector<double> weights(k * m);
    for (std::size_t j = 0; j < k; ++j)
        for (std::size_t i = 0; i < k; ++i)
            for (std::size_t c = 0; c < m; ++c) weights[j * m + c] += ritz_vectors[i * m + c] * reduced.q[j * (k + 1) + i];
    combine(m, weights, k);
    basis_->swap(locked_ + k, locked_ + m);   // the next vector
    diagonal_.assign(reduced.diagonal.begin(), reduced.diagonal.end() - 1);
    off_diagonal_.assign(reduced.off_diagonal.begin(), reduced.off_diagonal.end() - 1);
    coupling_ = reduced.off_diagonal.back();
}

template <class T>
void Krylov<T>::lock(const lapack::TridiagonalPairs& pairs, std::span<const std::size_t> kept) {
    combine(pairs.values.size(), columns(pairs, kept), kept.size());
    locked_ += kept.size();
    diagonal_.clear();
    off_diagonal_.clear();
    coupling_ = 0;
}

template <class T>
void Krylov<T>::combine(std::size_t count, std::span<const double> weights, std::size_t keep) {
    basis_->combine(locked_, count, weights, keep);
    if (images_) images_->combine(locked_, count, weights, keep);
}

template <class T>
void Krylov<T>::swap(std::size_t i, std::size_t j) {
    basis_->swap(i, j);
    if (images_) images_->swap(i, j);
}

template class Krylov<float>;
template class Krylov<double>;

}  // namespace assay::spectral
