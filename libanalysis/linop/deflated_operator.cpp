#include "libanalysis/linop/deflated_operator.hpp"

#include "libanalysis/core/error.hpp"

#include <string>
#include <utility>

namespace assay::linop {
namespace {

template <class T>
void subtract(double value, const std::vector<double>& v, std::span<const T> x, std::span<T> y) {
    double along = 0;
    for (std::size_t i = 0; i < v.size(); ++i) along += v[i] * static_cast<double>(x[i]);
    along *= value;
    for (std::size_t i = 0; i < v.size(); ++i) y[i] = static_cast<T>(static_cast<double>(y[i]) - along * v[i]);
}

}  // namespace

DeflatedOperator::DeflatedOperator(const LinearOperator& a, std::vector<double> values, std::vector<std::vector<double>> vectors)
    : a_(a), values_(std::move(values)), vectors_(std::move(vectors)) {
    if (!a.symmetric() || a.rows() != a.cols()) throw Error(ErrorKind::internal, {"deflated operator", "a symmetric operator", "another one"});
    if (values_.size() != vectors_.size())
        throw Error(ErrorKind::internal, {"deflated operator", std::to_string(values_.size()) + " vectors", std::to_string(vectors_.size())});
    for (const std::vector<double>& v : vectors_)
        if (v.size() != a.rows())
            throw Error(ErrorKind::internal, {"deflated operator", "vectors of " + std::to_string(a.rows()) + " values", std::to_string(v.size())});
}

void DeflatedOperator::apply(std::span<const double> x, std::span<double> y) const {
    a_.apply(x, y);
    for (std::size_t k = 0; k < values_.size(); ++k) subtract(values_[k], vectors_[k], x, y);
}

void DeflatedOperator::apply(std::span<const float> x, std::span<float> y) const {
    a_.apply(x, y);
    for (std::size_t k = 0; k < values_.size(); ++k) subtract(values_[k], vectors_[k], x, y);
}

}  // namespace assay::linop
