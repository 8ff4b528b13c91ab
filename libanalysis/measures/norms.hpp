#pragma once
// Norms of all weight matrices of the trained network, in one of the conventions of convolution norms.

#include "libanalysis/measures/subject.hpp"
#include "libanalysis/measures/weight_matrices.hpp"

#include <span>
#include <string_view>
#include <vector>

namespace assay::measures {

/// The spectral norm of one weight matrix. `matrix`: the kernel as [all leading axes, out]; `circular`, `exact`: the
/// convolution operator. All three are the same number for a dense layer.
double spectral_norm_of(Subject& subject, const WeightMatrix& matrix, std::string_view convention);

/// Squared Frobenius norm of one weight matrix. @throws Error{data} for non-finite weights.
double frobenius_squared_of(Subject& subject, const WeightMatrix& matrix);

struct LogSum { double sum; std::size_t count; };

/// sum_l ln ||W_l||_2^2. @throws Error{data} naming a layer that is all zero, or the Error of a norm.
LogSum log_product_of_spectral(Subject& subject, std::string_view convention);
/// sum_l ln ||W_l||_F^2.
LogSum log_product_of_frobenius(Subject& subject);
/// sum_l a_l / ||W_l||_2^2 with the matrix norm, a_l the squared Frobenius norm of the final weights or of their change.
double sum_over_squared_spectral(Subject& subject, bool change);

/// ln of d times the geometric mean: ln d + sum / d.
double log_of_sum(const LogSum& product);

/// The entries of the trained matrix less those of the initial one, in the kernel's order.
std::vector<double> change_of(Subject& subject, const WeightMatrix& matrix);

/// The p-norm over the inputs of each unit, then the q-norm over units, of a row-major [inputs, units] matrix; both may be infinite.
double mixed_norm(std::span<const double> values, std::size_t inputs, std::size_t units, double p, double q);

}  // namespace assay::measures
