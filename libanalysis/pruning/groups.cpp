#include "libanalysis/pruning/groups.hpp"

#include "libanalysis/core/error.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace assay::pruning {

bool has_groups(const model::Parameter& parameter) {
    const bool transposed = parameter.layer_class.find("Transpose") != std::string::npos;   // its rows run along the outputs
    return model::is_weight_matrix(parameter) && parameter.role != model::Role::embeddings && !transposed;
}

void for_each_group(std::size_t size, std::size_t cols, std::size_t group, const std::function<void(std::span<const std::size_t>)>& visit) {
    const std::size_t rows = cols > 0 ? size / cols : 0;
    std::vector<std::size_t> indices;
    for (std::size_t col = 0; col < cols; ++col)
        for (std::size_t first = 0; first < rows; first += group) {
            indices.clear();
            for (std::size_t row = first; row < std::min(first + group, rows); ++row) indices.push_back(row * cols + col);
            visit(indices);
        }
}

Masks keep_in_groups(const model::Model& model, const Scores& scores, std::int64_t keep, std::int64_t group) {
    if (keep < 1 || keep > group) throw Error(ErrorKind::usage, {"groups", "1 <= n <= m for n of m", fmt::format("{} of {}", keep, group)});
    Masks masks(scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
        const model::Parameter& parameter = model.parameters.at(i);
        if (scores[i].empty() || !has_groups(parameter)) continue;
        masks[i].assign(scores[i].size(), 1);
        std::vector<std::size_t> order;
        for_each_group(scores[i].size(), static_cast<std::size_t>(model::matrix_columns(parameter)), static_cast<std::size_t>(group), [&](std::span<const std::size_t> indices) {
            if (indices.size() <= static_cast<std::size_t>(keep)) return;
            order.assign(indices.begin(), indices.end());
            std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return scores[i][a] < scores[i][b]; });
            for (std::size_t k = 0; k + static_cast<std::size_t>(keep) < order.size(); ++k) masks[i][order[k]] = 0;
        });
    }
    return masks;
}

}  // namespace assay::pruning
