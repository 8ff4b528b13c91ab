#include "libanalysis/linop/sum_operator.hpp"

#include "libanalysis/core/error.hpp"

#include <string>

namespace assay::linop {
namespace {

template <class T>
void combine(double factor, std::span<T> y, double other_factor, const std::vector<T>& other) {
    for (std::size_t i = 0; i < y.size(); ++i)
        y[i] = static_cast<T>(factor * static_cast<double>(y[i]) + other_factor * static_cast<double>(other[i]));
}

std::string size_of(const LinearOperator& a) { return std::to_string(a.rows()) + " x " + std::to_string(a.cols()); }

}  // namespace

SumOperator::SumOperator(double first_factor, const LinearOperator& first, double second_factor, const LinearOperator& second)
    : first_factor_(first_factor), second_factor_(second_factor), first_(first), second_(second) {
    if (first.rows() != second.rows() || first.cols() != second.cols())
        throw Error(ErrorKind::internal, {"sum of operators", "two of one size", size_of(first) + " and " + size_of(second)});
}

void SumOperator::apply(std::span<const double> x, std::span<double> y) const {
    std::vector<double> other(y.size());
    first_.apply(x, y);
    second_.apply(x, std::span<double>(other));
    combine(first_factor_, y, second_factor_, other);
}

void SumOperator::apply(std::span<const float> x, std::span<float> y) const {
    std::vector<float> other(y.size());
    first_.apply(x, y);
    second_.apply(x, std::span<float>(other));
    combine(first_factor_, y, second_factor_, other);
}

void SumOperator::apply_transpose(std::span<const double> x, std::span<double> y) const {
    std::vector<double> other(y.size());
    first_.apply_transpose(x, y);
    second_.apply_transpose(x, other);
    combine(first_factor_, y, second_factor_, other);
}

engine::Backend* SumOperator::device() const {
    return first_.device() == second_.device() && first_.single_precision() == second_.single_precision() ? first_.device() : nullptr;
}

void SumOperator::apply_on_device(engine::ConstView x, engine::View y) const {
    engine::Backend& device = *first_.device();
    engine::Buffer other = device.allocate(y.type, y.size);
    first_.apply_on_device(x, y);
    second_.apply_on_device(x, other.view());
    device.scale(first_factor_, y);
    device.axpy(second_factor_, other.view(), y);
}

}  // namespace assay::linop
