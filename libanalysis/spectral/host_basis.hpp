#pragma once
// A basis in the host's memory. Subtraction and the next coefficients share a pass over the vectors. All sums run in double over
// fixed blocks of rows whose results are added in order, so the bits do not depend on the number of threads.

#include "libanalysis/spectral/basis.hpp"

#include <memory>
#include <vector>

namespace assay::spectral {

template <class T>
class HostBasis final : public Basis<T> {
public:
    HostBasis(std::size_t n, int threads);
    void write(std::size_t i, const std::function<void(std::span<T>)>& fill) override { fill(vector(i)); }
    void read(std::size_t i, const std::function<void(std::span<const T>)>& use) override { use(vector(i)); }
    double entry(std::size_t i, std::size_t at) override { return static_cast<double>(vector(i)[at]); }
    void multiply(const linop::LinearOperator& a, std::size_t i, std::size_t j) override;
    void copy(std::size_t i, Basis<T>& from, std::size_t j) override;
    void scale(std::size_t i, double factor) override;
    std::vector<double> dots(std::size_t count, std::size_t with) override;
    using Basis<T>::dot;
    double dot(std::size_t i, Basis<T>& other, std::size_t j, std::size_t first, std::size_t count) override;
    double squared_distance(double factor, std::size_t i, Basis<T>& other, std::size_t j) override;
    double orthogonality(std::size_t count) override;

private:
    std::vector<double> add(std::size_t last, std::span<const double> factors) override;
    void combine_vectors(std::size_t first, std::size_t count, std::span<const double> weights, std::size_t keep) override;
    void swap_vectors(std::size_t i, std::size_t j) override;

    /// Vector i, of n values. Its padding up to a whole number of lanes is zero.
    std::span<T> vector(std::size_t i);
    static std::span<const T> vector(Basis<T>& basis, std::size_t i) { return static_cast<HostBasis&>(basis).vector(i); }
    template <class Work> void for_blocks(std::size_t vectors, Work&& work) const;
    template <class Work> std::vector<double> sum_over_blocks(std::size_t vectors, std::size_t width, Work&& work) const;
    std::vector<const T*> pointers(std::size_t first, std::size_t count);

    std::size_t padded_;
    int threads_;
    std::vector<std::unique_ptr<T[]>> vectors_;
};

extern template class HostBasis<float>;
extern template class HostBasis<double>;

}  // namespace assay::spectral
