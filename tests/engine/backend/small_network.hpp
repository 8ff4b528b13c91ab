#pragma once
// A small classifier and its rows, built by hand, with its outputs also written as plain loops.

#include "libanalysis/data/dataset.hpp"
#include "libanalysis/model/model.hpp"
#include "tests/engine/backend/guarded.hpp"

#include <cmath>
#include <numeric>

namespace assay::test {

/// x [6] -> Dense 5, tanh -> Dense 3, softmax.
struct SmallNetwork {
    static constexpr std::size_t in = 6, hidden = 5, out = 3, parameters = in * hidden + hidden + hidden * out + out;
    model::Model model;
    std::vector<double> flat;   ///< kernel, bias, kernel, bias

    explicit SmallNetwork(Shape input_shape = {in}) {
        model.path = "small.h5";
        flat = normals(parameters, 11);
        model::Architecture& a = model.architecture.emplace();
        const auto node = [](std::string name, std::string kind, Json attributes, std::vector<std::size_t> used = {}) {
            model::Node made;
            made.name = made.layer = std::move(name);
            made.kind = std::move(kind);
            made.attributes = std::move(attributes);
            made.parameters = std::move(used);
            return made;
        };
        std::size_t at = a.add(node("x", "input", {{"shape", input_shape}, {"dtype", "float32"}}), {});
        a.inputs = {at};
        if (input_shape.size() > 1) at = a.add(node("flat", "flatten", Json::object()), {at});
        at = a.add(node("hidden", "dense", {{"units", hidden}}, {0, 1}), {at});
        at = a.add(node("tanh", "activation", {{"function", "tanh"}}), {at});
        at = a.add(node("logits", "dense", {{"units", out}}, {2, 3}), {at});
        at = a.add(node("softmax", "activation", {{"function", "softmax"}}), {at});
        a.outputs = {at};
        std::size_t offset = 0;
        const auto parameter = [&](std::string name, model::Role role, Shape shape) {
            model::Parameter p;
            p.name = std::move(name);
            p.role = role;
            p.shape = shape;
            const auto size = static_cast<std::size_t>(element_count(shape));
            model.parameters.push_back(p);
            model.weights.push_back({shape, "float64", std::vector<double>(flat.begin() + static_cast<std::ptrdiff_t>(offset), flat.begin() + static_cast<std::ptrdiff_t>(offset + size))});
            offset += size;
        };
        parameter("hidden/kernel", model::Role::kernel, {in, hidden});
        parameter("hidden/bias", model::Role::bias, {hidden});
        parameter("logits/kernel", model::Role::kernel, {hidden, out});
        parameter("logits/bias", model::Role::bias, {out});
    }

    /// The logits of one row.
    static std::vector<double> logits(const std::vector<double>& w, const double* x) {
        std::vector<double> h(hidden), z(out);
        for (std::size_t j = 0; j < hidden; ++j) {
            double sum = w[in * hidden + j];
            for (std::size_t i = 0; i < in; ++i) sum += x[i] * w[i * hidden + j];
            h[j] = std::tanh(sum);
        }
        const double* second = w.data() + in * hidden + hidden;
        for (std::size_t k = 0; k < out; ++k) {
            z[k] = second[hidden * out + k];
            for (std::size_t j = 0; j < hidden; ++j) z[k] += h[j] * second[j * out + k];
        }
        return z;
    }
};

/// `count` rows with classes, in a shuffled order of reading.
struct SmallData {
    std::vector<double> inputs;
    std::vector<std::int64_t> labels;
    data::Rows rows;

    explicit SmallData(std::int64_t count, Shape row_shape = {SmallNetwork::in}) : inputs(normals(static_cast<std::size_t>(count) * SmallNetwork::in, 21)) {
        for (std::int64_t i = 0; i < count; ++i) labels.push_back((i * i) % 3);
        rows.split = data::make_split(inputs, std::move(row_shape), labels);
        rows.indices = permutation(Seed{5}, count);
    }
    const double* row(std::int64_t i) const { return inputs.data() + rows.indices[static_cast<std::size_t>(i)] * static_cast<std::int64_t>(SmallNetwork::in); }
    std::int64_t label(std::int64_t i) const { return labels[static_cast<std::size_t>(rows.indices[static_cast<std::size_t>(i)])]; }
};

}  // namespace assay::test
