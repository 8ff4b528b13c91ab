#pragma once
// Random probe vectors and the statistics of what they measured.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/spectral/spectrum.hpp"

#include <span>
#include <string>

namespace assay::spectral {

/// Independent signs times `length`: entry i is bit i of the seed's stream.
template <class T>
void rademacher(Seed seed, T length, std::span<T> out);

/// Mean and standard error of independent samples, one product each. The error of one sample is unknown: infinite.
Estimate mean_of(std::span<const double> samples, std::string method);
/// The root of a mean, its error by the delta method.
Estimate root_of(Estimate mean);

}  // namespace assay::spectral
