#pragma once
// The Lanczos recurrence with full reorthogonalisation: from a start vector, an orthonormal basis in which the operator is
// tridiagonal. Vectors in front of it may be locked: then it works in their orthogonal complement.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/spectral/basis.hpp"
#include "libanalysis/spectral/lapack.hpp"
#include "libanalysis/spectral/products.hpp"

#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace assay::spectral {

template <class T>
class Krylov {
public:
    /// With `images` every product is kept and goes through the same combinations as its vector: A times any vector of the space is
    /// then known, to rounding, without a further product.
    Krylov(Products& products, int threads, bool images = false)
        : products_(products), basis_(make_basis<T>(products.of(), threads)), images_(images ? make_basis<T>(products.of(), threads) : nullptr) {}

    /// Starts anew behind the first `locked` vectors, from what fill(values) writes, or from a random vector. Both are made orthogonal
    /// to the locked ones and of unit length.
    void begin(std::size_t locked, Seed seed);
    void begin(std::size_t locked, const std::function<void(std::span<T>)>& fill);

    /// One product and one more row of the tridiagonal matrix. `seen` is told where in the basis the newest vector and its product lie.
    /// What remains below rounding counts as zero: the space is invariant. @throws Error{data} when the product is not finite.
    using Seen = std::function<void(std::size_t vector, std::size_t product)>;
    void step(const Seen& seen = {});

    std::size_t locked() const { return locked_; }
    std::size_t steps() const { return diagonal_.size(); }           ///< rows of the tridiagonal matrix
    std::size_t vectors() const { return locked_ + steps(); }        ///< orthonormal, without the next one
    double coupling() const { return coupling_; }                    ///< to the next vector; 0: invariant
    double largest_product() const { return scale_; }                ///< largest ||A v|| so far: a lower bound of ||A||
    lapack::TridiagonalPairs ritz() const;                           ///< pairs of the tridiagonal matrix, ascending
    /// |coupling * last component|: the residual of Ritz pair i.
    double residual(const lapack::TridiagonalPairs& pairs, std::size_t i) const;

    /// Goes on from the Ritz pairs `kept` alone (thick restart: Wu and Simon 2000), in the basis in which they are tridiagonal again.
    void restart(const lapack::TridiagonalPairs& pairs, std::span<const std::size_t> kept);
    /// The Ritz vectors of `kept` become locked vectors behind those that are; the rest is forgotten. Begin anew afterwards.
    void lock(const lapack::TridiagonalPairs& pairs, std::span<const std::size_t> kept);
    Basis<T>& basis() { return *basis_; }
    bool keeps_images() const { return images_ != nullptr; }
    Basis<T>& images() { return *images_; }   ///< where kept: vector i is A times vector i of the basis, i < vectors()
    void swap(std::size_t i, std::size_t j);   ///< two vectors, and their images

private:
    void combine(std::size_t count, std::span<const double> weights, std::size_t keep);

    Products& products_;
    std::unique_ptr<Basis<T>> basis_, images_;   // images: null where they are not kept
    std::size_t locked_ = 0;
    std::vector<double> diagonal_, off_diagonal_;
    double coupling_ = 0, scale_ = 0;
};

extern template class Krylov<float>;
extern template class Krylov<double>;

}  // namespace assay::spectral
