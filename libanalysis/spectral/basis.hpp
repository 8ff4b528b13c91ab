#pragma once
// Orthonormal vectors of one length, held in single or double precision, and the passes over them that Lanczos needs. All sums run
// in double over fixed blocks of rows whose results are added in order, so the bits do not depend on the number of threads.

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

namespace assay::spectral {

/// What orthogonalisation found: the coefficients on the vectors before, and the length before and after.
struct Projection { std::vector<double> coefficients; double before = 0, after = 0; };

template <class T>
class Basis {
public:
    /// Vectors of n values; they come into being when first touched.
    Basis(std::size_t n, int threads);
    std::size_t length() const { return length_; }
    /// Vector i, of n values. Its padding up to a whole number of lanes is zero.
    std::span<T> vector(std::size_t i);

    /// Makes vector `last` orthogonal to the unit vectors 0 .. last-1 by repeated classical Gram-Schmidt, until what is left along them
    /// is below the rounding of T. They are read once for the coefficients and once for every repetition: subtraction and the next
    /// coefficients share a pass. How far they are from orthogonal is known from their own turn, and the coefficients allow for it, so
    /// that one repetition mostly does. Lengths are NaN or infinite when the vector is. The vector is not normalised.
    Projection orthogonalise(std::size_t last);
    /// The dot products of vector `with` and vectors 0 .. count-1, and at the end its squared length.
    std::vector<double> dots(std::size_t count, std::size_t with);
    /// vector(i) *= factor.
    void scale(std::size_t i, double factor);
    /// Vectors first .. first+keep-1 become the combinations sum_c vector(first + c) weights[j * count + c] of `count` old ones, j < keep
    /// <= count. In place, in one pass.
    void combine(std::size_t first, std::size_t count, std::span<const double> weights, std::size_t keep);
    void swap(std::size_t i, std::size_t j);
    /// Largest |v_i . v_j|, i != j, among the first `count`.
    double orthogonality(std::size_t count);

private:
    template <class Work> void for_blocks(std::size_t vectors, Work&& work) const;
    template <class Work> std::vector<double> sum_over_blocks(std::size_t vectors, std::size_t width, Work&& work) const;
    std::vector<const T*> pointers(std::size_t first, std::size_t count);

    std::size_t length_, padded_;
    int threads_;
    std::vector<std::unique_ptr<T[]>> vectors_;
    std::vector<std::vector<double>> overlaps_;   // overlaps_[j][i] = v_j . v_i, i < j; empty: not known, taken as zero
};

extern template class Basis<float>;
extern template class Basis<double>;

}  // namespace assay::spectral
