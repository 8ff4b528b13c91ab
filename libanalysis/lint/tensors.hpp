#pragma once
// What rules ask of weight tensors.

#include "libanalysis/model/model.hpp"

#include <functional>
#include <string>
#include <vector>

namespace assay::lint {

/// visit(value, flat index) for every value.
template <class Visit>
void for_each_value(const model::Tensor& tensor, Visit&& visit) {
    std::visit([&](const auto& values) {
        for (std::size_t i = 0; i < values.size(); ++i) visit(static_cast<double>(values[i]), i);
    }, tensor.values);
}

/// A kernel whose last axis is its units and whose one before is its inputs (Dense, convolutions that are not depthwise or transposed).
bool is_unit_kernel(const model::Model& model, std::size_t parameter);

/// Squared norms of the weights into each unit (last axis) and out of each input (the axis before).
struct UnitNorms { std::vector<double> units, inputs; };
UnitNorms unit_norms(const model::Tensor& tensor);

/// "3 of 16 units (2, 5, 11)", with at most eight numbers.
std::string listed(const std::vector<std::size_t>& indices, std::size_t of, const std::string& what);

}  // namespace assay::lint
