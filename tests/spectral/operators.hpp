#pragma once
// Operators and matrices for the tests of this folder.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/linop/linear_operator.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace assay::test {

inline std::vector<double> normals(std::size_t count, assay::Seed seed) {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = seed.normal(i);
    return values;
}

/// diag(values): every eigenvalue is known. `single`: as an operator that computes in single precision.
class Diagonal final : public linop::LinearOperator {
public:
    explicit Diagonal(std::vector<double> values, bool single = false) : values_(std::move(values)), single_(single) {}
    bool single_precision() const override { return single_; }
    void apply(std::span<const float> x, std::span<float> y) const override {
        for (std::size_t i = 0; i < values_.size(); ++i) y[i] = static_cast<float>(values_[i]) * x[i];
    }
    std::size_t rows() const override { return values_.size(); }
    std::size_t cols() const override { return values_.size(); }
    bool symmetric() const override { return true; }
    using LinearOperator::apply;
    void apply(std::span<const double> x, std::span<double> y) const override {
        for (std::size_t i = 0; i < values_.size(); ++i) y[i] = values_[i] * x[i];
    }
    void apply_transpose(std::span<const double> x, std::span<double> y) const override { apply(x, y); }

    const std::vector<double>& values() const { return values_; }

private:
    std::vector<double> values_;
    bool single_;
};

/// A symmetric matrix written out, row-major; or one that says it is not symmetric.
class Dense final : public linop::LinearOperator {
public:
    Dense(std::vector<double> values, std::size_t n, bool symmetric = true) : values_(std::move(values)), n_(n), symmetric_(symmetric) {}
    std::size_t rows() const override { return n_; }
    std::size_t cols() const override { return n_; }
    bool symmetric() const override { return symmetric_; }
    using LinearOperator::apply;
    void apply(std::span<const double> x, std::span<double> y) const override {
        for (std::size_t i = 0; i < n_; ++i) {
            double sum = 0;
            for (std::size_t j = 0; j < n_; ++j) sum += values_[i * n_ + j] * x[j];
            y[i] = sum;
        }
    }
    void apply_transpose(std::span<const double> x, std::span<double> y) const override {
        for (std::size_t j = 0; j < n_; ++j) {
            y[j] = 0;
            for (std::size_t i = 0; i < n_; ++i) y[j] += values_[i * n_ + j] * x[i];
        }
    }
    const std::vector<double>& values() const { return values_; }

private:
    std::vector<double> values_;
    std::size_t n_;
    bool symmetric_;
};

/// Passes every product on and counts it.
class Counting final : public linop::LinearOperator {
public:
    explicit Counting(const linop::LinearOperator& a) : a_(a) {}
    std::size_t rows() const override { return a_.rows(); }
    std::size_t cols() const override { return a_.cols(); }
    bool symmetric() const override { return a_.symmetric(); }
    bool single_precision() const override { return a_.single_precision(); }
    void apply(std::span<const double> x, std::span<double> y) const override { ++wide_, a_.apply(x, y); }
    void apply(std::span<const float> x, std::span<float> y) const override { ++narrow_, a_.apply(x, y); }
    void apply_transpose(std::span<const double> x, std::span<double> y) const override { ++wide_, a_.apply_transpose(x, y); }
    engine::Backend* device() const override { return a_.device(); }
    void apply_on_device(engine::ConstView x, engine::View y) const override {
        ++(x.type == engine::DType::float32 ? narrow_ : wide_);
        a_.apply_on_device(x, y);
    }
    std::size_t products() const { return wide_ + narrow_; }
    std::size_t narrow_products() const { return narrow_; }

private:
    const linop::LinearOperator& a_;
    mutable std::size_t wide_ = 0, narrow_ = 0;
};

/// Q diag(values) Q^T with an orthogonal Q that mixes every entry with every other: rounds of random signs and of Walsh-Hadamard
/// transforms on the first and on the last 2^k entries.
class Rotated final : public linop::LinearOperator {
public:
    Rotated(std::vector<double> values, assay::Seed seed) : values_(std::move(values)) {
        while (2 * window_ <= values_.size()) window_ *= 2;
        for (std::uint64_t round = 0; round < 3; ++round)
            for (std::size_t i = 0; i < values_.size(); ++i) signs_.push_back(seed.child(round).bits(i) & 1 ? 1.0 : -1.0);
    }
    std::size_t rows() const override { return values_.size(); }
    std::size_t cols() const override { return values_.size(); }
    bool symmetric() const override { return true; }
    using LinearOperator::apply;
    void apply(std::span<const double> x, std::span<double> y) const override {
        std::copy(x.begin(), x.end(), y.begin());
        const std::size_t n = y.size();
        for (std::size_t round = 0; round < 3; ++round) {
            for (std::size_t i = 0; i < n; ++i) y[i] *= signs_[round * n + i];
            transform(y.first(window_));
            transform(y.last(window_));
        }
        for (std::size_t i = 0; i < n; ++i) y[i] *= values_[i];
        for (std::size_t round = 3; round-- > 0;) {
            transform(y.last(window_));
            transform(y.first(window_));
            for (std::size_t i = 0; i < n; ++i) y[i] *= signs_[round * n + i];
        }
    }
    void apply_transpose(std::span<const double> x, std::span<double> y) const override { apply(x, y); }

private:
    static void transform(std::span<double> x) {
        for (std::size_t half = 1; half < x.size(); half *= 2)
            for (std::size_t i = 0; i < x.size(); i += 2 * half)
                for (std::size_t j = i; j < i + half; ++j) {
                    const double a = x[j], b = x[j + half];
                    x[j] = a + b;
                    x[j + half] = a - b;
                }
        for (double& v : x) v /= std::sqrt(static_cast<double>(x.size()));
    }

    std::vector<double> values_, signs_;
    std::size_t window_ = 1;
};

/// lambda_i = i^-c.
inline std::vector<double> power_law(std::size_t n, double c) {
    std::vector<double> values(n);
    for (std::size_t i = 0; i < n; ++i) values[i] = std::pow(static_cast<double>(i + 1), -c);
    return values;
}

/// A random symmetric matrix with normal entries.
inline std::vector<double> symmetric(std::size_t n, assay::Seed seed) {
    std::vector<double> a(n * n);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j <= i; ++j) a[i * n + j] = a[j * n + i] = seed.normal(i * n + j);
    return a;
}

/// The spectrum of a trained network in miniature: nine outliers from 165 down to 15, a bulk that falls as a power law from 10,
/// and a negative tail down to -3.
inline std::vector<double> network_like(std::size_t n = 20000) {
    std::vector<double> values(n);
    for (std::size_t i = 0; i < 9; ++i) values[i] = 165 - 18.75 * static_cast<double>(i);
    const std::size_t negative = n / 4;
    for (std::size_t i = 9; i < n - negative; ++i) values[i] = 10 / static_cast<double>(i - 8);
    for (std::size_t i = 0; i < negative; ++i) values[n - 1 - i] = -3 / static_cast<double>(i + 1);
    return values;
}

/// A matrix with given singular values: U diag(s) V^T with U, V products of Householder reflections (orthogonal exactly up to
/// rounding). Row-major rows x cols.
inline std::vector<double> matrix_with(const std::vector<double>& singular, std::size_t rows, std::size_t cols, assay::Seed seed) {
    std::vector<double> a(rows * cols);
    for (std::size_t i = 0; i < singular.size(); ++i) a[i * cols + i] = singular[i];
    for (int round = 0; round < 3; ++round) {
        std::vector<double> u = normals(rows, seed.child("left").child(static_cast<std::uint64_t>(round)));
        std::vector<double> v = normals(cols, seed.child("right").child(static_cast<std::uint64_t>(round)));
        double uu = 0, vv = 0;
        for (const double x : u) uu += x * x;
        for (const double x : v) vv += x * x;
        for (std::size_t j = 0; j < cols; ++j) {
            double dot = 0;
            for (std::size_t i = 0; i < rows; ++i) dot += u[i] * a[i * cols + j];
            for (std::size_t i = 0; i < rows; ++i) a[i * cols + j] -= 2 * dot / uu * u[i];
        }
        for (std::size_t i = 0; i < rows; ++i) {
            double dot = 0;
            for (std::size_t j = 0; j < cols; ++j) dot += a[i * cols + j] * v[j];
            for (std::size_t j = 0; j < cols; ++j) a[i * cols + j] -= 2 * dot / vv * v[j];
        }
    }
    return a;
}

}  // namespace assay::test
