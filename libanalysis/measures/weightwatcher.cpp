#include "libanalysis/measures/weightwatcher.hpp"

#include <algorithm>

namespace assay::measures::weightwatcher {
namespace {

bool recurrent(const model::Model& model, const model::Parameter& parameter) {
    return std::any_of(model.parameters.begin(), model.parameters.end(), [&](const model::Parameter& other) {
        return other.role == model::Role::recurrent_kernel && other.layer == parameter.layer;
    });
}

}  // namespace

std::optional<Slices> slices_of(const model::Model& model, std::size_t parameter) {
    const model::Parameter& kernel = model.parameters.at(parameter);
    const Shape& shape = kernel.shape;
    const bool separable = kernel.role == model::Role::depthwise_kernel || kernel.role == model::Role::pointwise_kernel;
    if (separable || recurrent(model, kernel) || (shape.size() != 2 && shape.size() != 4)) return std::nullopt;
    const auto a = static_cast<std::size_t>(shape[shape.size() - 2]), b = static_cast<std::size_t>(shape.back());
    const std::size_t places = shape.size() == 4 ? static_cast<std::size_t>(shape[0] * shape[1]) : 1;
    return Slices{std::max(a, b), std::min(a, b), places, b, shape.size() == 4};
}

std::string left_out(const std::optional<Slices>& slices) {
    constexpr std::size_t fewest = 10, most = 15000, longest = 50000;
    if (!slices) return "WeightWatcher takes dense layers, embeddings and two-dimensional convolutions";
    const std::string count = std::to_string(slices->eigenvalues());
    if (slices->outputs < 2) return "one output: WeightWatcher leaves out such layers";
    if (slices->eigenvalues() < fewest) return count + " eigenvalues: WeightWatcher leaves out layers with fewer than 10";
    if (slices->eigenvalues() > most) return count + " eigenvalues: WeightWatcher leaves out layers with more than 15000";
    if (slices->rows > longest) return std::to_string(slices->rows) + " rows: WeightWatcher leaves out layers with more than 50000";
    return {};
}

}  // namespace assay::measures::weightwatcher
