#include "libanalysis/predict/conformal.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::predict {

double conformal_quantile(std::span<const double> residuals, double level) {
    std::vector<double> sizes;
    for (const double residual : residuals) sizes.push_back(std::abs(residual));
    // The small step back keeps 0.9 * 10, a hair above 9 in binary, from asking for the tenth.
    const auto place = static_cast<std::size_t>(std::ceil((static_cast<double>(sizes.size()) + 1) * level - 1e-9));
    if (place > sizes.size()) return std::numeric_limits<double>::infinity();
    if (place == 0) return 0;
    std::nth_element(sizes.begin(), sizes.begin() + static_cast<std::ptrdiff_t>(place - 1), sizes.end());
    return sizes[place - 1];
}

std::vector<double> cross_conformal(std::span<const double> residuals, std::span<const int> fold, double level) {
    const int folds = fold.empty() ? 0 : *std::max_element(fold.begin(), fold.end()) + 1;
    std::vector<double> widths;
    for (int held_out = 0; held_out < folds; ++held_out) {
        std::vector<double> others;
        for (std::size_t i = 0; i < residuals.size(); ++i)
            if (fold[i] != held_out) others.push_back(residuals[i]);
        widths.push_back(conformal_quantile(others, level));
    }
    return widths;
}

}  // namespace assay::predict
