#pragma once
// How much a score moves when the models are drawn anew.

#include "libanalysis/core/context.hpp"
#include "libanalysis/evaluate/protocol.hpp"

namespace assay::evaluate {

struct Interval {
    double low = missing, high = missing;
    std::size_t replicates = 0;   ///< that gave a score; the others were constant
};

struct BootstrapOptions {
    std::size_t replicates = 1000;
    double level = 0.95;
    Seed seed{};
    /// Group of every model (all models of the zoo, not only the problem's rows), drawn as a whole; empty: models are drawn one by
    /// one. Models with group -1 are left out.
    std::span<const int> groups{};
};

/// Percentile interval (Efron 1979): rows are drawn with replacement, as many as there are. NaN where less than half of the
/// replicates have a score, or there are fewer than two groups.
Interval bootstrap(const Protocol& protocol, const Problem& problem, const BootstrapOptions& options);

/// Score +- normal quantile times the deviation of the delete-a-part jackknife (Tukey 1958; Shao & Tu 1995, section 2.3): at most 50
/// parts, the groups where there are some. NaN where a part cannot be left out. A score that cannot be negative has no negative end.
Interval jackknife(const Protocol& protocol, const Problem& problem, const BootstrapOptions& options);

/// Quantile with linear interpolation between order statistics; sorts its argument. NaN of nothing.
double quantile(std::vector<double>& values, double p);

}  // namespace assay::evaluate
