#include "libanalysis/measures/ingredients/weightwatcher_bulk.hpp"

#include "libanalysis/measures/ingredients/layer_eigenvalues.hpp"

namespace assay::measures::ingredients {

WeightWatcherBulk::Value WeightWatcherBulk::compute(Subject& subject, const Key& key) {
    const auto& values = subject.get<LayerEigenvalues>({"weightwatcher", key.parameter});
    return spectral::fit_bulk(values.ascending, values.rows, values.cols);
}

}  // namespace assay::measures::ingredients
