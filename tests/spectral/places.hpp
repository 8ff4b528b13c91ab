#pragma once
// The same test with an operator's vectors on the host and on a device.

#include "libanalysis/linop/linear_operator.hpp"
#include "tests/support/device_double.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace assay::test {

/// A v with the vectors where the operator wants them.
inline std::vector<double> product(const linop::LinearOperator& a, const std::vector<double>& v) {
    std::vector<double> result(a.rows());
    engine::Backend* device = a.device();
    if (!device) {
        a.apply(v, result);
        return result;
    }
    const engine::Buffer x = device->from_host(v, a.single_precision() ? engine::DType::float32 : engine::DType::float64);
    engine::Buffer y = device->allocate(x.type(), a.rows());
    a.apply_on_device(x.view(), y.view());
    return device->to_host(y.view());
}

/// An operator of the host as one whose vectors lie on a device: every product goes by way of the host.
class OnDevice final : public linop::LinearOperator {
public:
    OnDevice(const linop::LinearOperator& a, engine::Backend& device) : a_(a), device_(device) {}
    std::size_t rows() const override { return a_.rows(); }
    std::size_t cols() const override { return a_.cols(); }
    bool symmetric() const override { return a_.symmetric(); }
    bool single_precision() const override { return a_.single_precision(); }
    void apply(std::span<const double> x, std::span<double> y) const override { a_.apply(x, y); }
    void apply(std::span<const float> x, std::span<float> y) const override { a_.apply(x, y); }
    void apply_transpose(std::span<const double> x, std::span<double> y) const override { a_.apply_transpose(x, y); }
    engine::Backend* device() const override { return &device_; }
    void apply_on_device(engine::ConstView x, engine::View y) const override {
        if (x.type == engine::DType::float32) by_way_of_host(float{}, x, y);
        else by_way_of_host(double{}, x, y);
    }

private:
    template <class T>
    void by_way_of_host(T, engine::ConstView x, engine::View y) const {
        std::vector<T> from(x.size), to(y.size);
        device_.download(x, from.data());
        a_.apply(std::span<const T>(from), std::span<T>(to));
        device_.upload(to.data(), y);
    }
    const linop::LinearOperator& a_;
    engine::Backend& device_;
};

/// diag(values) that multiplies on the device itself.
class DiagonalOnDevice final : public linop::LinearOperator {
public:
    DiagonalOnDevice(const std::vector<double>& values, bool single, engine::Backend& device)
        : device_(device), values_(device.from_host(values, single ? engine::DType::float32 : engine::DType::float64)) {}
    std::size_t rows() const override { return values_.size(); }
    std::size_t cols() const override { return values_.size(); }
    bool symmetric() const override { return true; }
    bool single_precision() const override { return values_.type() == engine::DType::float32; }
    using LinearOperator::apply;
    void apply(std::span<const double>, std::span<double>) const override { ADD_FAILURE() << "a product of host vectors"; }
    void apply_transpose(std::span<const double>, std::span<double>) const override { ADD_FAILURE() << "a product of host vectors"; }
    engine::Backend* device() const override { return &device_; }
    void apply_on_device(engine::ConstView x, engine::View y) const override { device_.multiply(values_.view(), x, y, false); }

private:
    engine::Backend& device_;
    engine::Buffer values_;
};

enum class Place { host, device };

/// Fixture of tests that run in both places: at(a, f) is f(a) with the operator's vectors in the test's place.
class InBothPlaces : public testing::TestWithParam<Place> {
protected:
    template <class F>
    decltype(auto) at(const linop::LinearOperator& a, F&& f) {
        const OnDevice moved(a, device_);
        const linop::LinearOperator& placed = GetParam() == Place::host ? a : moved;
        return f(placed);
    }

private:
    DeviceDouble device_;
};

inline auto both_places() { return testing::Values(Place::host, Place::device); }
inline std::string place_name(const testing::TestParamInfo<Place>& info) { return info.param == Place::host ? "Host" : "Device"; }

}  // namespace assay::test
