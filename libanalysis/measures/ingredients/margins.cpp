#include "libanalysis/measures/ingredients/margins.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::measures::ingredients {

Margins::Value Margins::compute(Subject& subject, const Key& key) {
    const engine::Labels& labels = subject.get<Labels>(key);
    if (labels.classes.empty()) throw Error(ErrorKind::data, {key.split + " labels", "classes", "targets"});
    const engine::Outputs& outputs = subject.get<Outputs>(key);
    if (outputs.width < 2) throw Error(ErrorKind::data, {"network outputs", "at least two class scores for a margin", "one"});
    if (outputs.count < 1) throw Error(ErrorKind::data, {key.split + " data", "at least one row", "none"});
    Value margins(static_cast<std::size_t>(outputs.count));
    for (std::int64_t i = 0; i < outputs.count; ++i) {
        const std::span<const double> row = outputs.row(i);
        const auto label = static_cast<std::size_t>(labels.classes[static_cast<std::size_t>(i)]);
        double other = -std::numeric_limits<double>::infinity();
        for (std::size_t j = 0; j < row.size(); ++j)
            if (j != label) other = std::max(other, row[j]);
        margins[static_cast<std::size_t>(i)] = row[label] - other;
    }
    std::sort(margins.begin(), margins.end());
    return margins;
}

double interpolated_quantile(std::span<const double> sorted, double q) {
    const double position = q * static_cast<double>(sorted.size() - 1);
    const auto below = static_cast<std::size_t>(std::floor(position));
    const std::size_t above = std::min(below + 1, sorted.size() - 1);
    return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

double kth_quantile(std::span<const double> sorted, double q) {
    // The product is nudged so that q = 0.1 of 30 rows is the third value although 0.1 * 30 may round below 3.
    const auto k = static_cast<std::size_t>(std::floor(q * static_cast<double>(sorted.size()) * (1 + 1e-12)));
    if (k == 0) throw Error(ErrorKind::data, {"margins", "at least 1/q rows for the floor(q n)-th smallest margin", std::to_string(sorted.size())});
    return sorted[std::min(k, sorted.size()) - 1];
}

}  // namespace assay::measures::ingredients
