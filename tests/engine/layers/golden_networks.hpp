#pragma once
// The networks 3-4-3 of the golden tests with their rows, as a model and a data set: parameters 0.6 sin(1.7 i + 0.3), inputs
// cos(0.9 n + 1.1 d + 0.2), labels n mod 3, targets of squared error sin(0.5 n + 0.7 c), of binary cross-entropy (n + c) mod 2.

#include "libanalysis/data/dataset.hpp"
#include "libanalysis/engine/primal.hpp"
#include "tests/engine/backend/backend_under_test.hpp"
#include "tests/engine/layers/model_builder.hpp"

#include <array>
#include <cmath>
#include <string>

namespace assay::test {

constexpr std::size_t golden_count = 31, golden_rows = 6;
struct GoldenName { const char *activation, *loss; };
constexpr std::array<GoldenName, 4> golden_names{{{"tanh", "cross_entropy"}, {"relu", "cross_entropy"}, {"tanh", "mean_squared_error"}, {"relu", "binary_cross_entropy"}}};

/// The published order is W1 [4, 3] (out, in), b1, W2 [3, 4], b2; ours holds kernels [in, out].
inline std::size_t golden_position(std::size_t published) {
    if (published < 12) return published % 3 * 4 + published / 3;
    if (published < 16 || published >= 28) return published;
    const std::size_t k = published - 16;
    return 16 + k % 4 * 3 + k / 4;
}

/// v_i = 1 / (i + 1) in the published order.
inline std::vector<double> golden_direction() {
    std::vector<double> v(golden_count);
    for (std::size_t i = 0; i < golden_count; ++i) v[golden_position(i)] = 1.0 / static_cast<double>(i + 1);
    return v;
}

/// The parameters in our order.
inline std::vector<double> golden_parameters() {
    std::vector<double> theta(golden_count);
    for (std::size_t i = 0; i < golden_count; ++i) theta[golden_position(i)] = 0.6 * std::sin(1.7 * static_cast<double>(i) + 0.3);
    return theta;
}

inline std::vector<double> golden_inputs() {
    std::vector<double> x;
    for (std::size_t n = 0; n < golden_rows; ++n)
        for (std::size_t d = 0; d < 3; ++d) x.push_back(std::cos(0.9 * static_cast<double>(n) + 1.1 * static_cast<double>(d) + 0.2));
    return x;
}

/// Classes for cross-entropy, targets for the other losses.
inline engine::Labels golden_labels(const std::string& loss) {
    engine::Labels labels;
    for (std::size_t n = 0; n < golden_rows; ++n) {
        if (loss == "cross_entropy") labels.classes.push_back(static_cast<std::int64_t>(n % 3));
        for (std::size_t c = 0; c < 3 && loss != "cross_entropy"; ++c)
            labels.targets.push_back(loss == "mean_squared_error" ? std::sin(0.5 * static_cast<double>(n) + 0.7 * static_cast<double>(c))
                                                                  : static_cast<double>((n + c) % 2));
    }
    return labels;
}

inline model::Model golden_model(const std::string& activation) {
    ModelBuilder b;
    b.output(b.dense("second", 4, 3, b.activation("act", activation, b.dense("first", 3, 4, b.input("x", {3})))));
    const std::vector<double> theta = golden_parameters();
    std::size_t next = 0;
    for (model::Tensor& tensor : b.model.weights) {
        std::vector<double> values(static_cast<std::size_t>(tensor.size()));
        for (double& value : values) value = theta[next++];
        tensor.values = std::move(values);
    }
    return std::move(b.model);
}

inline data::Rows golden_data(const std::string& loss) {
    data::Rows rows;
    for (std::size_t n = 0; n < golden_rows; ++n) rows.indices.push_back(static_cast<std::int64_t>(n));
    const engine::Labels labels = golden_labels(loss);
    rows.split = data::make_split(std::vector<data::NamedInput>{{"x", {3}, golden_inputs()}}, labels.classes, labels.targets, labels.targets.empty() ? 0 : 3);
    return rows;
}

inline model::Model golden_model(std::size_t which) { return golden_model(golden_names.at(which).activation); }
inline data::Rows golden_data(std::size_t which) { return golden_data(golden_names.at(which).loss); }

/// A golden network ready for curvature products.
struct GoldenPrimal {
    GoldenPrimal(std::size_t which, engine::DType precision, std::unique_ptr<engine::Backend> computes = make_backend_under_test())
        : backend(std::move(computes)), model(golden_model(which)), network(model, {.precision = precision}), parameters(network.pack(*backend, model.weights)),
          primal(network, *backend, parameters.view(), golden_data(which), {.loss = engine::find_loss(golden_names.at(which).loss)}, {}) {}
    std::unique_ptr<engine::Backend> backend;
    model::Model model;
    engine::Network network;
    engine::Buffer parameters;
    engine::Primal primal;
};

}  // namespace assay::test
