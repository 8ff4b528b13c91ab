#include "libanalysis/measures/weight_matrices.hpp"

#include "libanalysis/core/error.hpp"

#include <cmath>
#include <map>

namespace assay::measures {

std::vector<WeightMatrix> weight_matrices(const model::Model& model) {
    std::vector<WeightMatrix> matrices;
    std::map<std::string, int> of_layer;
    for (std::size_t i = 0; i < model.parameters.size(); ++i) {
        const model::Parameter& parameter = model.parameters[i];
        if (!model::is_weight_matrix(parameter)) continue;
        const auto size = static_cast<std::size_t>(element_count(parameter.shape));
        const auto cols = static_cast<std::size_t>(model::matrix_columns(parameter)), last = static_cast<std::size_t>(parameter.shape.back());
        matrices.push_back({i, parameter.layer, cols ? size / cols : 0, cols, parameter.shape.size() > 2, last ? cols / last : 1});
        ++of_layer[parameter.layer];
    }
    for (WeightMatrix& matrix : matrices)
        if (of_layer[matrix.label] > 1 || matrix.label.empty()) matrix.label = model.parameters[matrix.parameter].name;
    if (matrices.empty()) throw Error(ErrorKind::missing, {"weights", "a layer with a weight matrix", "none"});
    return matrices;
}

WeightMatrix weight_matrix(const model::Model& model, std::size_t parameter) {
    for (const WeightMatrix& matrix : weight_matrices(model))
        if (matrix.parameter == parameter) return matrix;
    throw Error(ErrorKind::internal, {model.parameters.at(parameter).name, "a weight matrix", "another parameter"});
}

std::vector<double> block_of(linop::MatrixView values, const WeightMatrix& matrix, std::size_t block) {
    const std::size_t cols = matrix.cols / matrix.blocks;
    std::vector<double> result;
    result.reserve(matrix.rows * cols);
    std::visit([&](const auto& all) {
        for (std::size_t row = 0; row < matrix.rows; ++row)
            for (std::size_t col = 0; col < cols; ++col) result.push_back(static_cast<double>(all[row * matrix.cols + block * cols + col]));
    }, values);
    return result;
}

linop::MatrixView values_of(const model::Tensor& tensor) {
    return std::visit([](const auto& values) -> linop::MatrixView { return std::span(values); }, tensor.values);
}

double squared_sum(const model::Tensor& tensor) {
    return std::visit(
        [](const auto& values) {
            double sum = 0;
            for (const auto value : values) sum += static_cast<double>(value) * static_cast<double>(value);
            return sum;
        },
        tensor.values);
}

double squared_distance(const model::Tensor& a, const model::Tensor& b) {
    const std::vector<double> left = a.to_double(), right = b.to_double();
    double sum = 0;
    for (std::size_t i = 0; i < left.size(); ++i) sum += (left[i] - right.at(i)) * (left[i] - right[i]);
    return sum;
}

void require_finite(const model::Model& model, const model::Tensor& tensor, std::size_t parameter) {
    const bool finite = std::visit(
        [](const auto& values) {
            for (const auto value : values)
                if (!std::isfinite(value)) return false;
            return true;
        },
        tensor.values);
    if (!finite)
        throw Error(ErrorKind::data, {"layer " + model.parameters.at(parameter).layer, "finite weights",
                                      "NaN or infinity in " + model.parameters[parameter].name});
}

}  // namespace assay::measures
