#include "libanalysis/spectral/device_basis.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace assay::spectral {

using engine::Buffer;
using engine::ConstView;
using engine::View;

template <class T>
View DeviceBasis<T>::vector(std::size_t i) {
    if (i >= vectors_.size()) vectors_.resize(i + 1);
    if (vectors_[i].empty()) vectors_[i] = device_.allocate(type, this->length());
    return vectors_[i].view();
}

template <class T>
std::vector<ConstView> DeviceBasis<T>::views(std::size_t first, std::size_t count) {
    std::vector<ConstView> result;
    for (std::size_t c = 0; c < count; ++c) result.push_back(vector(first + c));
    return result;
}

template <class T>
void DeviceBasis<T>::write(std::size_t i, const std::function<void(std::span<T>)>& fill) {
    std::vector<T> values(this->length());
    fill(values);
    device_.upload(values.data(), vector(i));
}

template <class T>
void DeviceBasis<T>::read(std::size_t i, const std::function<void(std::span<const T>)>& use) {
    std::vector<T> values(this->length());
    device_.download(vector(i), values.data());
    use(values);
}

template <class T>
double DeviceBasis<T>::entry(std::size_t i, std::size_t at) {
    return device_.to_host(vector(i).slice(at, 1)).front();
}

template <class T>
void DeviceBasis<T>::multiply(const linop::LinearOperator& a, std::size_t i, std::size_t j) {
    a.apply_on_device(vector(i), vector(j));
}

template <class T>
void DeviceBasis<T>::copy(std::size_t i, Basis<T>& from, std::size_t j) {
    device_.copy(vector(from, j), vector(i));
}

template <class T>
void DeviceBasis<T>::scale(std::size_t i, double factor) {
    device_.scale(factor, vector(i));
}

template <class T>
std::vector<double> DeviceBasis<T>::dots(std::size_t count, std::size_t with) {
    std::vector<ConstView> v = views(0, count);
    v.push_back(vector(with));
    return device_.dots(v, vector(with));
}

template <class T>
std::vector<double> DeviceBasis<T>::add(std::size_t last, std::span<const double> factors) {
    device_.add_combination(views(0, last), factors, vector(last));
    return dots(last, last);
}

template <class T>
double DeviceBasis<T>::dot(std::size_t i, Basis<T>& other, std::size_t j, std::size_t first, std::size_t count) {
    return count == 0 ? 0 : device_.dot(vector(i).slice(first, count), vector(other, j).slice(first, count));
}

template <class T>
double DeviceBasis<T>::squared_distance(double factor, std::size_t i, Basis<T>& other, std::size_t j) {
    Buffer difference = device_.allocate(type, this->length());
    device_.copy(vector(other, j), difference.view());
    const ConstView x = vector(i);
    const double minus = -factor;
    device_.add_combination({&x, 1}, {&minus, 1}, difference.view());   // rounded once: small differences keep their digits
    return device_.dot(difference.view(), difference.view());
}

/// Range by range, so that all the new vectors together take the memory of one.
template <class T>
void DeviceBasis<T>::combine_vectors(std::size_t first, std::size_t count, std::span<const double> weights, std::size_t keep) {
    if (keep == 0) return;
    const std::size_t n = this->length(), range = std::min(n, std::max<std::size_t>((n + keep - 1) / keep, std::size_t{1} << 16));
    const std::vector<ConstView> old = views(first, count);
    Buffer made = device_.allocate(type, keep * range);
    for (std::size_t at = 0; at < n; at += range) {
        const std::size_t size = std::min(range, n - at);
        std::vector<ConstView> slices;
        for (const ConstView& v : old) slices.push_back(v.slice(at, size));
        device_.fill(made.view(), 0);
        for (std::size_t j = 0; j < keep; ++j)
            device_.add_combination(slices, weights.subspan(j * count, count), made.view().slice(j * range, size));
        for (std::size_t j = 0; j < keep; ++j) device_.copy(made.const_view().slice(j * range, size), vector(first + j).slice(at, size));
    }
}

template <class T>
void DeviceBasis<T>::swap_vectors(std::size_t i, std::size_t j) {
    if (std::max(i, j) >= vectors_.size()) vectors_.resize(std::max(i, j) + 1);
    std::swap(vectors_[i], vectors_[j]);
}

template <class T>
double DeviceBasis<T>::orthogonality(std::size_t count) {
    double largest = 0;
    for (std::size_t j = 1; j < count; ++j)
        for (const double overlap : device_.dots(views(0, j), vector(j))) largest = std::max(largest, std::abs(overlap));
    return largest;
}

template class DeviceBasis<float>;
template class DeviceBasis<double>;

}  // namespace assay::spectral
