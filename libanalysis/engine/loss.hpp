#pragma once
// Losses on the network's (logit) outputs: value, gradient, Hessian product and its factor per row. One file each in losses/.

#include "libanalysis/core/json.hpp"
#include "libanalysis/core/seed.hpp"
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

/// A loss of outputs that stay on a device: the host's formulas, in its float64, composed of the backend's primitives. All arrays are
/// float64 [rows, width] in the lane's memory; nothing waits for the device.
struct LossOnDevice {
    struct Rows { std::int64_t rows, width; std::size_t size() const { return static_cast<std::size_t>(rows * width); } };
    /// What the products read of the outputs, made once; empty where they read nothing.
    Buffer (*curvature)(Backend& lane, Rows size, ConstView outputs);
    void (*gradient)(Backend& lane, Rows size, ConstView outputs, ConstView curvature, const Labels& labels, View gradient);
    /// (d2 loss / d output2) t per row; and the same as S (S^T t), through the factor.
    void (*hessian_product)(Backend& lane, Rows size, ConstView curvature, ConstView t, View product);
    void (*factored_product)(Backend& lane, Rows size, ConstView curvature, ConstView t, View product);
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
    /// The rank of d2 loss / d output2 for outputs of a width: the fewest columns of a factor.
    std::int64_t (*rank)(std::int64_t width);
    /// Columns first .. first + count - 1 of such a factor R R^T = d2 loss / d output2, `rank` columns, the heaviest first row by
    /// row: [count, rows, width].
    void (*factor_columns)(std::span<const double> outputs, std::int64_t rows, std::int64_t width, std::int64_t first, std::int64_t count,
                           std::span<double> columns);
    /// The gradient of row i at a label drawn from the distribution whose negative logarithm the loss is, with the randomness of
    /// seed.child(first_row + i): its mean square is d2 loss / d output2.
    void (*sampled_gradient)(std::span<const double> outputs, std::int64_t rows, std::int64_t width, Seed seed, std::int64_t first_row,
                             std::span<double> gradient);
    LossOnDevice on_device;
};

std::span<const Loss* const> losses();
const Loss* find_loss(std::string_view name);  ///< null where there is none

/// The loss of a model: the file's own, else the final activation's (softmax: cross_entropy; sigmoid: binary_cross_entropy).
/// @throws Error{unsupported} "declare it" when neither decides, or the file's loss is not one of losses().
const Loss& choose_loss(const model::Model& model, std::string_view declared = {});

}  // namespace assay::engine
