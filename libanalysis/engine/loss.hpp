#pragma once
// Losses on the network's (logit) outputs: value, gradient, Hessian product and its factor per row. One file each in losses/.

#include "libanalysis/core/json.hpp"
#include "libanalysis/engine/backend.hpp"
#include "libanalysis/model/model.hpp"

#include <span>
#include <string>
#include <string_view>

namespace assay::engine {

/// What the loss compares an output with: class labels, or targets of the output's width.
struct Labels {
    std::vector<std::int64_t> classes;  ///< one per row, for class losses
    std::vector<double> targets;        ///< [rows, width], for targets
};

struct Loss {
    std::string_view name;        ///< cross_entropy, binary_cross_entropy, mean_squared_error
    std::string_view formula;
    bool class_labels;            ///< takes classes rather than targets (binary cross-entropy of width 1 accepts classes 0/1)
    std::string_view activation;  ///< the final activation it folds: softmax, sigmoid or ""
    /// Loss of each row, float64, from host outputs [rows, width].
    void (*value)(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels& labels, std::span<double> losses);
    /// d loss / d output per row (not divided by the number of rows), host arrays.
    void (*gradient)(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels& labels, std::span<double> gradient);
    /// (d2 loss / d output2) t per row.
    void (*hessian_product)(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels& labels,
                            std::span<const double> tangent, std::span<double> product);
    /// S u with S S^T = d2 loss / d output2, per row; u and the result have the output's width.
    void (*factor_product)(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels& labels,
                           std::span<const double> u, std::span<double> product);
    /// S^T t, same sizes.
    void (*factor_transpose_product)(std::span<const double> outputs, std::int64_t rows, std::int64_t width, const Labels& labels,
                                     std::span<const double> t, std::span<double> product);
};

std::span<const Loss* const> losses();
const Loss* find_loss(std::string_view name);  ///< null where there is none

/// The loss of a model: the file's own, else the final activation's (softmax: cross_entropy; sigmoid: binary_cross_entropy).
/// @throws Error{unsupported} "declare it" when neither decides, or the file's loss is not one of losses().
const Loss& choose_loss(const model::Model& model, std::string_view declared = {});

}  // namespace assay::engine
