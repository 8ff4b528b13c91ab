#pragma once
// What is differentiated: the mean of a loss over rows, plus a squared-norm regulariser. Every number about curvature is
// printed and stored with the objective it belongs to.

#include "libanalysis/engine/loss.hpp"
#include "libanalysis/engine/network.hpp"

#include <string>
#include <vector>

namespace assay::engine {

/// L(w) = (1 / N) sum_n loss(f(x_n; w), y_n) + sum_j l2[j] |w_j|^2, j over the parameters of the model (Keras's convention:
/// no factor 1/2; PyTorch's weight decay d is l2 = d / 2). An L1 term has no second derivative and is left out, and said.
struct Objective {
    const Loss* loss = nullptr;
    std::vector<double> l2{};   ///< per entry of Model::parameters; empty: no regulariser
    bool l1 = false;            ///< the file states an L1 term, which is not part of this objective

    double l2_of(std::size_t parameter) const { return l2.empty() ? 0.0 : l2.at(parameter); }
    bool regularised() const;
};

/// The objective of a model: `declared_loss` ("": the model's own) and the regulariser of the file's training facts, or
/// `l2` (not negative) on every trainable parameter instead. @throws Error{unsupported} as choose_loss
Objective objective_of(const model::Model& model, std::string_view declared_loss = {}, double l2 = -1);

/// "cross_entropy, mean over 4096 rows, l2 0.0001 on 3 of 8 parameters, BatchNormalization inference".
std::string describe(const Objective& objective, const model::Model& model, std::int64_t rows);

}  // namespace assay::engine
