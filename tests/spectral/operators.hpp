#pragma once
// Operators and matrices for the tests of this folder.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/linop/linear_operator.hpp"

#include <algorithm>
#include <vector>

namespace assay::test {

inline std::vector<double> normals(std::size_t count, assay::Seed seed) {
    std::vector<double> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = seed.normal(i);
    return values;
}

/// diag(values): every eigenvalue is known.
class Diagonal final : public linop::LinearOperator {
public:
    explicit Diagonal(std::vector<double> values) : values_(std::move(values)) {}
    std::size_t rows() const override { return values_.size(); }
    std::size_t cols() const override { return values_.size(); }
    bool symmetric() const override { return true; }
    void apply(std::span<const double> x, std::span<double> y) const override {
        for (std::size_t i = 0; i < values_.size(); ++i) y[i] = values_[i] * x[i];
    }
    void apply_transpose(std::span<const double> x, std::span<double> y) const override { apply(x, y); }

private:
    std::vector<double> values_;
};

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
