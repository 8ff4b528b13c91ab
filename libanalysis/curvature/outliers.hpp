#pragma once
// Which eigenvalues stand apart from the rest.

#include "libanalysis/spectral/lanczos.hpp"
#include "libanalysis/spectral/spectrum.hpp"

#include <cstddef>
#include <optional>
#include <span>

namespace assay::curvature {

/// The bulk of a density of n eigenvalues: outwards from its highest point, up to where it first falls below half the height that one
/// eigenvalue gives it, 1 / (n sigma sqrt(2 pi)). It tells no more than the density resolves: sigma.
struct Bulk { double low = 0, high = 0; };
Bulk bulk_of(const spectral::SmoothDensity& density, std::size_t n);

/// How many of the first `values` (of one end, away from zero first: 12, 9, 3, 2.9 or -5, -1) are outliers when there is no density: those
/// before the largest ratio of neighbours, where that ratio is at least 1.5. The last value computed is the only witness of the bulk,
/// so it is never an outlier, and neither is what has not the sign of the first.
std::size_t outliers_by_ratio(std::span<const double> values);

/// Outliers at both ends: beyond the bulk where there is a density, else by ratio. An upper end that is negative, or a lower one that is
/// positive, has none by ratio.
struct Outliers { std::size_t largest = 0, smallest = 0; std::optional<Bulk> bulk; };
Outliers outliers_of(const spectral::Eigenvalues& found, const spectral::SmoothDensity* density, std::size_t n);

}  // namespace assay::curvature
