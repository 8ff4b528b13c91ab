#include "libanalysis/spectral/products.hpp"

#include "libanalysis/core/error.hpp"

#include <cmath>
#include <string>

namespace assay::spectral {

void require_symmetric(const linop::LinearOperator& a, std::size_t least, const char* where) {
    if (!a.symmetric() || a.cols() != a.rows()) throw Error(ErrorKind::internal, {where, "a symmetric operator", "another one"});
    if (a.rows() < least)
        throw Error(ErrorKind::internal, {where, "an operator with at least " + std::to_string(least) + " rows", std::to_string(a.rows())});
}

void require_finite(double value, const char* where) {
    if (!std::isfinite(value))
        throw Error(ErrorKind::data, {where, "a finite product", "NaN or infinity", "Check the weights and the data for values that overflow."});
}

}  // namespace assay::spectral
