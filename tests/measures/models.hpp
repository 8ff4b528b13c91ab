#pragma once
// Small models written by hand, and subjects over them.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/measures/catalogue.hpp"
#include "libanalysis/measures/run.hpp"
#include "libanalysis/measures/subject.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

namespace assay::test {

/// Builds a chain of layers. Weights are normal from a seed, or given.
class Builder {
public:
    Builder(Shape input, std::uint64_t seed = 1) : seed_(seed) {
        model_.path = "test.h5";
        model_.architecture.emplace();
        Json attributes;
        attributes["shape"] = input;
        attributes["dtype"] = "float32";
        last_ = model_.architecture->add({"input", "input", "input", "InputLayer", attributes, {}}, {});
        model_.architecture->inputs = {last_};
    }
    Builder& dense(std::int64_t in, std::int64_t units, bool bias = true, std::vector<double> kernel = {}) {
        const std::string name = "dense_" + std::to_string(++count_);
        std::vector<std::size_t> parameters{add(name, "Dense", model::Role::kernel, {in, units}, std::move(kernel))};
        if (bias) parameters.push_back(add(name, "Dense", model::Role::bias, {units}));
        return node(name, "dense", "Dense", {{"units", units}, {"use_bias", bias}}, parameters);
    }
    Builder& conv(std::int64_t in, std::int64_t filters, std::int64_t size, std::int64_t stride = 1, const char* padding = "same", bool bias = true) {
        const std::string name = "conv_" + std::to_string(++count_);
        std::vector<std::size_t> parameters{add(name, "Conv2D", model::Role::kernel, {size, size, in, filters})};
        if (bias) parameters.push_back(add(name, "Conv2D", model::Role::bias, {filters}));
        return node(name, "conv2d", "Conv2D",
                    {{"filters", filters}, {"kernel_size", {size, size}}, {"strides", {stride, stride}}, {"dilation_rate", {1, 1}},
                     {"groups", 1}, {"padding", padding}, {"use_bias", bias}}, parameters);
    }
    /// A convolution of any kind, with `outputs` channels.
    Builder& convolution(const char* kind, Json attributes, Shape kernel, std::int64_t outputs, bool bias = true) {
        const std::string name = "conv_" + std::to_string(++count_);
        const auto role = std::string_view(kind).starts_with("depthwise") ? model::Role::depthwise_kernel : model::Role::kernel;
        std::vector<std::size_t> parameters{add(name, kind, role, std::move(kernel))};
        if (bias) parameters.push_back(add(name, kind, model::Role::bias, {outputs}));
        attributes["use_bias"] = bias;
        return node(name, kind, kind, std::move(attributes), parameters);
    }
    /// A layer without weights.
    Builder& plain(const char* kind, Json attributes = Json::object()) {
        return node(kind + std::string("_") + std::to_string(++count_), kind, kind, std::move(attributes), {});
    }
    Builder& normalisation(std::int64_t channels, bool scale = true, bool center = true) {
        const std::string name = "bn_" + std::to_string(++count_);
        std::vector<std::size_t> parameters;
        if (scale) parameters.push_back(add(name, "BatchNormalization", model::Role::gamma, {channels}));
        if (center) parameters.push_back(add(name, "BatchNormalization", model::Role::beta, {channels}));
        parameters.push_back(add(name, "BatchNormalization", model::Role::moving_mean, {channels}));
        std::vector<double> variance;
        for (std::int64_t c = 0; c < channels; ++c) variance.push_back(0.5 + seed_.child("variance").uniform(static_cast<std::uint64_t>(c)));
        parameters.push_back(add(name, "BatchNormalization", model::Role::moving_variance, {channels}, variance));
        return node(name, "batch_normalization", "BatchNormalization", {{"scale", scale}, {"center", center}, {"epsilon", 1e-3}}, parameters);
    }
    Builder& activation(const char* function) {
        return node("activation_" + std::to_string(++count_), "activation", "Activation", {{"function", function}}, {});
    }
    Builder& flatten() { return node("flatten_" + std::to_string(++count_), "flatten", "Flatten", Json::object(), {}); }
    Builder& unsupported(std::string class_name) {
        return node("custom_" + std::to_string(++count_), "unsupported", std::move(class_name), Json::object(), {});
    }
    model::Model& model() { return model_; }
    std::shared_ptr<const model::Model> build() {
        model_.architecture->outputs = {last_};
        return std::make_shared<model::Model>(model_);
    }

private:
    std::size_t add(const std::string& layer, const char* layer_class, model::Role role, Shape shape, std::vector<double> values = {}) {
        const auto size = static_cast<std::size_t>(element_count(shape));
        for (std::size_t i = values.size(); i < size; ++i) values.push_back(seed_.child(model_.parameters.size()).normal(i));
        const bool trainable = role != model::Role::moving_mean && role != model::Role::moving_variance;
        model_.parameters.push_back({layer + "/" + std::string(model::to_string(role)), layer, layer_class, role, shape, trainable, {}});
        model_.weights.push_back({std::move(shape), "float64", std::move(values)});
        return model_.parameters.size() - 1;
    }
    Builder& node(const std::string& name, const char* kind, std::string layer_class, Json attributes, std::vector<std::size_t> parameters) {
        last_ = model_.architecture->add({name, kind, name, std::move(layer_class), std::move(attributes), std::move(parameters)}, {last_});
        return *this;
    }
    model::Model model_;
    Seed seed_;
    std::size_t last_ = 0;
    int count_ = 0;
};

inline measures::Subject subject_of(std::shared_ptr<const model::Model> model, std::string loss = {},
                                    engine::DType precision = engine::DType::float64) {
    return measures::Subject(std::move(model), {.loss = std::move(loss), .precision = precision}, Context{});
}

inline data::Rows rows_of(std::vector<double> inputs, Shape shape, std::vector<std::int64_t> labels) {
    const auto split = data::make_split(std::move(inputs), std::move(shape), std::move(labels));
    return {split, data::all_rows(*split), {}};
}

/// The value of a measure for a layer ("" the whole model) and a convention; NaN where it is missing.
inline double value_of(measures::Subject& subject, std::string_view request, std::string_view convention = {}, std::string_view layer = {}) {
    const auto requests = measures::parse_requests(request);
    for (const measures::Row& row : measures::measure_all(subject, requests))
        if (row.value.layer == layer && row.value.convention == convention && row.value.ok()) return std::get<double>(row.value.value);
    return std::nan("");
}

inline std::string reason_of(measures::Subject& subject, std::string_view request, std::string_view convention = {}) {
    const auto requests = measures::parse_requests(request);
    for (const measures::Row& row : measures::measure_all(subject, requests))
        if (row.value.layer.empty() && row.value.convention == convention) return row.value.reason;
    return "no such row";
}

}  // namespace assay::test
