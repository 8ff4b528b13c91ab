#pragma once
// A power law fitted to the upper tail of positive values: p(x) ~ x^-alpha for x >= xmin, where xmin is the value from which on the
// tail is closest to its own fit (Clauset, Shalizi, Newman 2009).

#include <cstddef>
#include <functional>
#include <span>

namespace assay::spectral {

struct PowerLawFit {
    double alpha = 0;
    double xmin = 0;
    double distance = 0;         ///< Kolmogorov's, between the tail and its fit
    double standard_error = 0;   ///< (alpha - 1) / sqrt(tail): of alpha given xmin, without that of the search
    std::size_t tail = 0;        ///< values from xmin on
};

struct PowerLawRule {
    double above = 0;              ///< values up to here are left out
    double above_share = 1e-12;    ///< and values up to this share of the largest
    std::size_t least_tail = 10;   ///< smallest tail that the search looks at
    bool below_steps = true;       ///< the distance looks below the steps of the empirical distribution as well, not only at their tops
    bool corrected = false;        ///< alpha - 1 by n - 1 instead of n, which makes it unbiased
    std::function<void()> poll{};  ///< called once for every candidate

    /// What WeightWatcher 0.7.7 does with `count` values above its cut: the plain search, or for fewer than 20 tails of at least 8
    /// and the corrected alpha. (Its preference for long tails there has no effect: the smallest distance overrides it.)
    static PowerLawRule weightwatcher(std::size_t count);
    static constexpr double weightwatcher_cut = 1e-5;
};

/// @throws Error{data} where too few values are positive or all of them are equal.
PowerLawFit fit_power_law(std::span<const double> values, const PowerLawRule& rule);

}  // namespace assay::spectral
