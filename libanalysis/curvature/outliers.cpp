#include "libanalysis/curvature/outliers.hpp"

namespace assay::curvature {

std::size_t outliers(std::span<const double> values) {
    constexpr double apart = 1.5;
    std::size_t count = 0;
    double largest = apart;
    for (std::size_t i = 0; i + 1 < values.size() && values[i] * values[0] > 0; ++i) {
        const double ratio = values[i + 1] * values[0] > 0 ? values[i] / values[i + 1] : 2 * largest;   // the other sign is as far apart as can be
        if (ratio >= largest) {
            largest = ratio;
            count = i + 1;
        }
    }
    return count;
}

}  // namespace assay::curvature
