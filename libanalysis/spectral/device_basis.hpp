#pragma once
// A basis in the memory of a device: dot products, combinations and products of the operator happen there.

#include "libanalysis/engine/backend.hpp"
#include "libanalysis/spectral/basis.hpp"

#include <vector>

namespace assay::spectral {

template <class T>
class DeviceBasis final : public Basis<T> {
public:
    /// `device` must outlive it.
    DeviceBasis(engine::Backend& device, std::size_t n) : Basis<T>(n), device_(device) {}
    void write(std::size_t i, const std::function<void(std::span<T>)>& fill) override;
    void read(std::size_t i, const std::function<void(std::span<const T>)>& use) override;
    double entry(std::size_t i, std::size_t at) override;
    void multiply(const linop::LinearOperator& a, std::size_t i, std::size_t j) override;
    void copy(std::size_t i, Basis<T>& from, std::size_t j) override;
    void scale(std::size_t i, double factor) override;
    std::vector<double> dots(std::size_t count, std::size_t with) override;
    using Basis<T>::dot;
    double dot(std::size_t i, Basis<T>& other, std::size_t j, std::size_t first, std::size_t count) override;
    /// Takes the memory of one more vector while it runs.
    double squared_distance(double factor, std::size_t i, Basis<T>& other, std::size_t j) override;
    double orthogonality(std::size_t count) override;

private:
    std::vector<double> add(std::size_t last, std::span<const double> factors) override;
    void combine_vectors(std::size_t first, std::size_t count, std::span<const double> weights, std::size_t keep) override;
    void swap_vectors(std::size_t i, std::size_t j) override;

    static constexpr engine::DType type = sizeof(T) == sizeof(float) ? engine::DType::float32 : engine::DType::float64;
    engine::View vector(std::size_t i);
    static engine::ConstView vector(Basis<T>& basis, std::size_t i) { return static_cast<DeviceBasis&>(basis).vector(i); }
    std::vector<engine::ConstView> views(std::size_t first, std::size_t count);

    engine::Backend& device_;
    std::vector<engine::Buffer> vectors_;
};

extern template class DeviceBasis<float>;
extern template class DeviceBasis<double>;

}  // namespace assay::spectral
