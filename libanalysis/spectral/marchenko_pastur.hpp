#pragma once
// The law of Marchenko and Pastur: eigenvalues of A^T A / rows for a rows x cols matrix of independent entries of variance 1, as both
// sides grow with cols / rows = ratio <= 1.

#include <cstddef>
#include <span>

namespace assay::spectral {

/// (1 -+ sqrt(ratio))^2.
struct MarchenkoPasturEdges { double lower, upper; };
MarchenkoPasturEdges marchenko_pastur_edges(double ratio);

/// 0 outside the edges.
double marchenko_pastur_density(double x, double ratio);
double marchenko_pastur_distribution(double x, double ratio);

/// Kolmogorov's distance between values (in any order) and the law.
double marchenko_pastur_distance(std::span<const double> values, double ratio);

/// A bulk and what stands out of it, as WeightWatcher 0.7.7 fits it.
struct Bulk {
    double sigma = 0;          ///< scale of the fitted law, of values scaled to mean 1
    double soft_rank = 0;      ///< upper edge over the largest value
    std::size_t spikes = 0;    ///< values above the upper edge and a width of Tracy and Widom's
};

/// The law's scale that is nearest in least squares to a density estimate of the values (linear kernel of width 0.1 on 1000 points),
/// by a search over a grid and then between its neighbours. For rows = cols the quarter circle is fitted to the square roots.
/// `cols` <= `rows`: of one matrix; `values` may be those of several together. @throws Error{data} where all values are 0.
Bulk fit_bulk(std::span<const double> values, std::size_t rows, std::size_t cols);

}  // namespace assay::spectral
