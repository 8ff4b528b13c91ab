#pragma once
// sum_i lambda_i / (lambda_i + z) of a positive semi-definite operator.

#include "libanalysis/linop/linear_operator.hpp"
#include "libanalysis/core/context.hpp"
#include "libanalysis/spectral/lanczos.hpp"
#include "libanalysis/spectral/spectrum.hpp"

namespace assay::measures {

/// The given eigenpairs by their values; the rest by stochastic Lanczos quadrature in their complement, where what counts little is
/// left: `probes` runs of `steps` products, with the standard error of their mean.
spectral::Estimate effective_dimension_of(const linop::LinearOperator& a, const std::vector<spectral::Eigenpair>& top, double z, std::size_t probes,
                                          std::size_t steps, const Context& context);

}  // namespace assay::measures
