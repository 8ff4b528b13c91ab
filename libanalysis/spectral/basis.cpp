#include "libanalysis/spectral/basis.hpp"

#include "libanalysis/spectral/device_basis.hpp"
#include "libanalysis/spectral/host_basis.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::spectral {

template <class T>
Projection Basis<T>::orthogonalise(std::size_t last) {
    // Repetitions end when what is left is below rounding. In double precision the sums round as well.
    constexpr int repetitions = 4;
    constexpr double rounding = (sizeof(T) < sizeof(double) ? 1 : 16) * static_cast<double>(std::numeric_limits<T>::epsilon());
    std::vector<double> left = dots(last, last);
    Projection result{.coefficients = std::vector<double>(last), .before = std::sqrt(left[last]), .after = std::sqrt(left[last])};
    if (!std::isfinite(left[last])) return result;
    const auto along = [&] {
        return std::any_of(left.begin(), left.begin() + static_cast<std::ptrdiff_t>(last), [&](double x) { return std::abs(x) > rounding * result.after; });
    };
    for (int repetition = 0; repetition < repetitions && along(); ++repetition) {
        // The solution of (1 + E) c = left to first order in the small overlaps E.
        std::vector<double> minus(last);
        for (std::size_t c = 0; c < last; ++c) minus[c] -= left[c];
        for (std::size_t j = 0; j < std::min(last, overlaps_.size()); ++j)
            for (std::size_t i = 0; i < overlaps_[j].size(); ++i) {
                minus[j] += overlaps_[j][i] * left[i];
                minus[i] += overlaps_[j][i] * left[j];
            }
        for (std::size_t c = 0; c < last; ++c) result.coefficients[c] += left[c];
        left = add(last, minus);
        result.after = std::sqrt(left[last]);
    }
    for (std::size_t c = 0; c < last; ++c) result.coefficients[c] += left[c];
    overlaps_.resize(last);
    left.resize(last);
    for (double& x : left) x = result.after > 0 ? x / result.after : 0;
    overlaps_.push_back(std::move(left));
    return result;
}

template <class T>
void Basis<T>::combine(std::size_t first, std::size_t count, std::span<const double> weights, std::size_t keep) {
    overlaps_.clear();
    combine_vectors(first, count, weights, keep);
}

template <class T>
void Basis<T>::swap(std::size_t i, std::size_t j) {
    overlaps_.clear();
    swap_vectors(i, j);
}

template <class T>
std::unique_ptr<Basis<T>> make_basis(const linop::LinearOperator& a, int threads) {
    if (engine::Backend* device = a.device()) return std::make_unique<DeviceBasis<T>>(*device, a.rows());
    return std::make_unique<HostBasis<T>>(a.rows(), threads);
}

template class Basis<float>;
template class Basis<double>;
template std::unique_ptr<Basis<float>> make_basis<float>(const linop::LinearOperator&, int);
template std::unique_ptr<Basis<double>> make_basis<double>(const linop::LinearOperator&, int);

}  // namespace assay::spectral
