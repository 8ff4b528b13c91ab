#pragma once
// Builds models by hand, with seeded weights.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/model/model.hpp"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace assay::test {

class ModelBuilder {
public:
    using Vertex = std::size_t;

    explicit ModelBuilder(std::string path = "test.h5") {
        model.path = std::move(path);
        model.architecture.emplace();
    }
    Vertex input(const std::string& name, const Shape& shape, const std::string& dtype = "float32") {
        const Vertex vertex = node(name, "input", {{"shape", shape}, {"dtype", dtype}}, {});
        model.architecture->inputs.push_back(vertex);
        return vertex;
    }
    Vertex node(const std::string& name, const std::string& kind, const Json& attributes, const std::vector<Vertex>& from,
                std::vector<std::size_t> parameters = {}) {
        return model.architecture->add({.name = name, .kind = kind, .layer = name, .layer_class = "Test", .attributes = attributes,
                                        .parameters = std::move(parameters)}, from);
    }
    Vertex activation(const std::string& name, const std::string& function, Vertex from) {
        return node(name, "activation", {{"function", function}}, {from});
    }
    Vertex dense(const std::string& name, std::int64_t in, std::int64_t units, Vertex from) {
        const std::size_t kernel = parameter(name + "/kernel", {in, units}), bias = parameter(name + "/bias", {units});
        return node(name, "dense", {{"units", units}}, {from}, {kernel, bias});
    }
    std::size_t parameter(const std::string& name, const Shape& shape, bool trainable = true, bool positive = false) {
        const std::size_t index = model.parameters.size();
        model.parameters.push_back({.name = name, .layer = name, .layer_class = "Test", .shape = shape, .trainable = trainable, .path = name});
        std::vector<double> values(static_cast<std::size_t>(element_count(shape)));
        for (std::size_t i = 0; i < values.size(); ++i) {
            values[i] = static_cast<float>(0.5 * Seed{4}.child(name).normal(i));
            if (positive) values[i] = static_cast<float>(0.5 + std::abs(values[i]));
        }
        model.weights.push_back({shape, "float64", std::move(values)});
        return index;
    }
    void output(Vertex vertex) { model.architecture->outputs.push_back(vertex); }

    model::Model model;
};

}  // namespace assay::test
