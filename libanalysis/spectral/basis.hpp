#pragma once
// Orthonormal vectors of one length, held in single or double precision where the operator computes, and the passes over them that
// Lanczos needs. Sums run in double; only they, and what is read or written by name, pass between the host and a device.

#include "libanalysis/linop/linear_operator.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace assay::spectral {

/// What orthogonalisation found: the coefficients on the vectors before, and the length before and after.
struct Projection { std::vector<double> coefficients; double before = 0, after = 0; };

/// Vectors come into being when first touched. Where two bases meet they are of one kind (make_basis for the same operator).
template <class T>
class Basis {
public:
    explicit Basis(std::size_t n) : length_(n) {}
    virtual ~Basis() = default;
    Basis(const Basis&) = delete;
    Basis& operator=(const Basis&) = delete;
    std::size_t length() const { return length_; }

    // ---- values on the host ----
    /// fill(values) writes all n values of vector i; use(values) sees them.
    virtual void write(std::size_t i, const std::function<void(std::span<T>)>& fill) = 0;
    virtual void read(std::size_t i, const std::function<void(std::span<const T>)>& use) = 0;
    virtual double entry(std::size_t i, std::size_t at) = 0;

    // ---- vectors ----
    /// Vector j becomes A times vector i.
    virtual void multiply(const linop::LinearOperator& a, std::size_t i, std::size_t j) = 0;
    /// Vector i becomes vector j of another basis.
    virtual void copy(std::size_t i, Basis& from, std::size_t j) = 0;
    /// vector(i) *= factor.
    virtual void scale(std::size_t i, double factor) = 0;
    void swap(std::size_t i, std::size_t j);
    /// Vectors first .. first+keep-1 become the combinations sum_c vector(first + c) weights[j * count + c] of `count` old ones, j < keep
    /// <= count, in place.
    void combine(std::size_t first, std::size_t count, std::span<const double> weights, std::size_t keep);
    /// Makes vector `last` orthogonal to the unit vectors 0 .. last-1 by repeated classical Gram-Schmidt, until what is left along them
    /// is below the rounding of T. How far they are from orthogonal is known from their own turn, and the coefficients allow for it, so
    /// that one repetition mostly does. Lengths are NaN or infinite when the vector is. The vector is not normalised.
    Projection orthogonalise(std::size_t last);

    // ---- sums ----
    /// The dot products of vector `with` and vectors 0 .. count-1, and at the end its squared length.
    virtual std::vector<double> dots(std::size_t count, std::size_t with) = 0;
    /// Vector i times vector j of `other` (another basis or this one) over `count` entries from `first` on.
    virtual double dot(std::size_t i, Basis& other, std::size_t j, std::size_t first, std::size_t count) = 0;
    double dot(std::size_t i, Basis& other, std::size_t j) { return dot(i, other, j, 0, length_); }
    /// The squared length of vector j of `other` minus factor times vector i.
    virtual double squared_distance(double factor, std::size_t i, Basis& other, std::size_t j) = 0;
    /// Largest |v_i . v_j|, i != j, among the first `count`.
    virtual double orthogonality(std::size_t count) = 0;

protected:
    /// Vector `last` += sum_c factors[c] vector(c), c < last; returns dots(last, last) afterwards.
    virtual std::vector<double> add(std::size_t last, std::span<const double> factors) = 0;
    virtual void combine_vectors(std::size_t first, std::size_t count, std::span<const double> weights, std::size_t keep) = 0;
    virtual void swap_vectors(std::size_t i, std::size_t j) = 0;

private:
    std::size_t length_;
    std::vector<std::vector<double>> overlaps_;   // overlaps_[j][i] = v_j . v_i, i < j; empty: not known, taken as zero
};

/// Vectors that `a` can multiply, on its device or on the host; `threads` are for the host.
template <class T>
std::unique_ptr<Basis<T>> make_basis(const linop::LinearOperator& a, int threads);

extern template class Basis<float>;
extern template class Basis<double>;

}  // namespace assay::spectral
