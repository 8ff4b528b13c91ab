#pragma once
// Derivatives of the mean loss with respect to the weights that may be pruned, all other parameters held fixed.

#include "libanalysis/engine/primal.hpp"
#include "libanalysis/pruning/method.hpp"

#include <memory>

namespace assay::pruning {

class PrunableLoss {
public:
    /// The loss alone, without a regulariser, of the outputs divided by `temperature` (logits where the loss folds the final
    /// activation), mean over problem.rows. BatchNormalization is that of inference. `problem` must outlive it.
    /// @throws Error{missing} without rows; Error{unsupported} naming a frozen weight matrix, which has no gradient.
    explicit PrunableLoss(const Problem& problem, double temperature = 1);

    Scores gradient() const;
    Scores hessian_product(const Scores& direction) const;   ///< the Hessian's block of these weights times `direction`

private:
    Scores by_parameter(const std::vector<double>& flat) const;
    std::vector<std::size_t> prunable_;
    std::unique_ptr<engine::Network> network_;
    engine::Buffer parameters_;
    std::unique_ptr<engine::Primal> primal_;
};

}  // namespace assay::pruning
