#include "libanalysis/linop/shifted_operator.hpp"

#include "libanalysis/core/error.hpp"

#include <string>

namespace assay::linop {
namespace {

template <class T>
void subtract(double shift, std::span<const T> x, std::span<T> y) {
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<T>(static_cast<double>(y[i]) - shift * static_cast<double>(x[i]));
}

}  // namespace

ShiftedOperator::ShiftedOperator(const LinearOperator& a, double shift) : a_(a), shift_(shift) {
    if (a.rows() != a.cols())
        throw Error(ErrorKind::internal, {"shifted operator", "a square operator", std::to_string(a.rows()) + " x " + std::to_string(a.cols())});
}

void ShiftedOperator::apply(std::span<const double> x, std::span<double> y) const {
    a_.apply(x, y);
    subtract(shift_, x, y);
}

void ShiftedOperator::apply(std::span<const float> x, std::span<float> y) const {
    a_.apply(x, y);
    subtract(shift_, x, y);
}

void ShiftedOperator::apply_transpose(std::span<const double> x, std::span<double> y) const {
    a_.apply_transpose(x, y);
    subtract(shift_, x, y);
}

void ShiftedOperator::apply_on_device(engine::ConstView x, engine::View y) const {
    a_.apply_on_device(x, y);
    a_.device()->axpy(-shift_, x, y);
}

}  // namespace assay::linop
