#include "libanalysis/measures/features/statistics.hpp"

#include "libanalysis/measures/values.hpp"

#include <algorithm>
#include <cmath>

namespace assay::measures::features {

std::vector<double> quantiles(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    std::vector<double> out;
    for (const double p : {0.0, 0.25, 0.5, 0.75, 1.0}) {
        const double place = p * static_cast<double>(values.size() - 1);
        const auto below = static_cast<std::size_t>(place);
        const std::size_t above = std::min(below + 1, values.size() - 1);
        out.push_back(values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]));
    }
    return out;
}

std::vector<double> seven(std::vector<double> values) {
    double mean = 0, squares = 0;
    const auto n = static_cast<double>(values.size());
    for (const double value : values) mean += value / n;
    for (const double value : values) squares += (value - mean) * (value - mean) / n;
    std::vector<double> out = quantiles(std::move(values));
    out.push_back(mean);
    out.push_back(std::sqrt(squares));
    return out;
}

double log_size(double size) { return std::log(size + 1e-12); }

std::vector<double> spectrum(std::span<const double> s) {
    double sum = 0, squares = 0, entropy = 0;
    for (const double value : s) {
        sum += value;
        squares += value * value;
    }
    for (const double value : s)
        if (value > 0) entropy -= value / sum * std::log(value / sum);
    const double top = s.front(), stable_rank = top > 0 ? squares / (top * top) : 0;
    return {log_size(top), log_size(s.back()), log_size(s[s.size() / 2]), stable_rank, entropy};
}

std::vector<Value> both(const std::vector<std::vector<double>>& rows) {
    if (rows.empty()) return {missing("the network has no such layer", "positional"), missing("the network has no such layer", "pooled")};
    std::vector<double> positional, pooled;
    for (const std::vector<double>& row : rows) positional.insert(positional.end(), row.begin(), row.end());
    for (const double value : positional)
        if (!std::isfinite(value)) return {missing("a weight or activation is not finite", "positional"), missing("a weight or activation is not finite", "pooled")};
    for (std::size_t c = 0; c < rows.front().size(); ++c) {
        double low = rows[0][c], high = low, mean = 0;
        for (const std::vector<double>& row : rows) {
            low = std::min(low, row[c]);
            high = std::max(high, row[c]);
            mean += row[c] / static_cast<double>(rows.size());
        }
        pooled.insert(pooled.end(), {low, mean, high});
    }
    return {{.convention = "positional", .value = std::move(positional)}, {.convention = "pooled", .value = std::move(pooled)}};
}

}  // namespace assay::measures::features
