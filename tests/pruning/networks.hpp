#pragma once
// Small networks whose kernels have their roles.

#include "libanalysis/pruning/method.hpp"
#include "tests/engine/layers/model_builder.hpp"

#include <functional>

namespace assay::pruning {

/// Roles by the last part of a parameter's name, as a format would give them.
inline void settle_roles(model::Model& model) {
    using model::Role;
    for (model::Parameter& parameter : model.parameters)
        for (const Role role : {Role::kernel, Role::recurrent_kernel, Role::embeddings, Role::bias, Role::gamma, Role::beta, Role::moving_mean, Role::moving_variance})
            if (parameter.name.substr(parameter.name.rfind('/') + 1) == to_string(role)) parameter.role = role;
}

/// Dense layers of these widths, without activations between them but ReLU.
inline model::Model dense_network(const std::vector<std::int64_t>& widths) {
    test::ModelBuilder b;
    auto x = b.input("x", {widths.front()});
    for (std::size_t l = 1; l < widths.size(); ++l) {
        const std::string name = "dense_" + std::to_string(l);
        x = b.dense(name, widths[l - 1], widths[l], x);
        if (l + 1 < widths.size()) x = b.activation("relu_" + std::to_string(l), "relu", x);
    }
    b.output(x);
    settle_roles(b.model);
    return b.model;
}

inline std::vector<double>& values(model::Model& model, const std::string& parameter) {
    for (std::size_t i = 0; i < model.parameters.size(); ++i)
        if (model.parameters[i].name == parameter) return std::get<std::vector<double>>(model.weights[i].values);
    throw std::runtime_error("no parameter " + parameter);
}

inline Masks mask_of(const model::Model& model, std::string_view method, double sparsity, Seed seed = {}, engine::Backend* backend = nullptr) {
    return mask_by(find_method(method), {.model = model, .weights = model.weights, .sparsity = sparsity, .seed = seed, .backend = backend});
}

inline std::size_t kept_in_all(const Masks& masks) {
    std::size_t sum = 0;
    for (const auto& mask : masks) sum += kept(mask);
    return sum;
}

}  // namespace assay::pruning
