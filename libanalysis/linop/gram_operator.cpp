#include "libanalysis/linop/gram_operator.hpp"

#include <algorithm>

namespace assay::linop {

GramOperator::GramOperator(const LinearOperator& a)
    : a_(a), inner_(a.cols() <= a.rows()), size_(std::min(a.rows(), a.cols())), middle_(std::max(a.rows(), a.cols())) {}

void GramOperator::apply(std::span<const double> x, std::span<double> y) const {
    if (inner_) {
        a_.apply(x, middle_);
        a_.apply_transpose(middle_, y);
    } else {
        a_.apply_transpose(x, middle_);
        a_.apply(middle_, y);
    }
}

}  // namespace assay::linop
