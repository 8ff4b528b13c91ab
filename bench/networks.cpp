#include "bench/networks.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/seed.hpp"

#include <cmath>

namespace assay::bench {
namespace {

using model::Role;

/// Adds layers to a model, each with the weights it needs.
class Builder {
public:
    using Vertex = std::size_t;

    explicit Builder(std::string name) { model_.path = std::move(name), model_.format = "memory", model_.architecture.emplace(); }

    Vertex input(const Shape& shape) {
        const Vertex vertex = node("input", {{"shape", shape}, {"dtype", "float32"}}, {});
        model_.architecture->inputs.push_back(vertex);
        return vertex;
    }
    Vertex dense(Vertex from, std::int64_t in, std::int64_t units) {
        const std::string name = next("dense");
        const std::size_t kernel = parameter(name, Role::kernel, {in, units}, std::sqrt(2 / static_cast<double>(in)));
        const std::size_t bias = parameter(name, Role::bias, {units}, 0.1);
        return node("dense", {{"units", units}}, {from}, {kernel, bias});
    }
    Vertex convolution(Vertex from, std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride, const std::string& padding, bool bias) {
        const std::string name = next("conv2d");
        std::vector<std::size_t> parameters{parameter(name, Role::kernel, {size, size, in, out}, std::sqrt(2 / static_cast<double>(size * size * in)))};
        if (bias) parameters.push_back(parameter(name, Role::bias, {out}, 0.1));
        return node("conv2d", {{"filters", out}, {"kernel_size", {size, size}}, {"strides", {stride, stride}}, {"padding", padding}, {"use_bias", bias}}, {from},
                    parameters);
    }
    Vertex normalisation(Vertex from, std::int64_t channels) {
        const std::string name = next("batch_normalization");
        const std::size_t gamma = constant(name, Role::gamma, channels, 1, true), beta = constant(name, Role::beta, channels, 0, true);
        const std::size_t mean = constant(name, Role::moving_mean, channels, 0, false), variance = constant(name, Role::moving_variance, channels, 1, false);
        return node("batch_normalization", {{"epsilon", 1e-5}}, {from}, {gamma, beta, mean, variance});
    }
    Vertex activation(Vertex from, const std::string& function) { return node("activation", {{"function", function}}, {from}); }
    Vertex relu(Vertex from) { return activation(from, "relu"); }
    Vertex normalised(Vertex from, std::int64_t in, std::int64_t out, std::int64_t size, std::int64_t stride) {
        return normalisation(convolution(from, in, out, size, stride, "same", false), out);
    }
    Vertex max_pool(Vertex from, std::int64_t size, std::int64_t stride, const std::string& padding) {
        return node("max_pooling_2d", {{"pool_size", {size, size}}, {"strides", {stride, stride}}, {"padding", padding}}, {from});
    }
    Vertex add(Vertex a, Vertex b) { return node("add", Json::object(), {a, b}); }
    Vertex flatten(Vertex from) { return node("flatten", Json::object(), {from}); }
    Vertex mean(Vertex from) { return node("global_average_pooling_2d", Json::object(), {from}); }
    model::Model done(Vertex output) {
        model_.architecture->outputs.push_back(output);
        return std::move(model_);
    }

private:
    std::string next(const std::string& kind) const { return kind + "_" + std::to_string(count_); }
    Vertex node(const std::string& kind, const Json& attributes, const std::vector<Vertex>& from, std::vector<std::size_t> parameters = {}) {
        const std::string name = next(kind);
        ++count_;
        return model_.architecture->add({.name = name, .kind = kind, .layer = name, .layer_class = kind, .attributes = attributes,
                                         .parameters = std::move(parameters)}, from);
    }
    std::size_t parameter(const std::string& layer, Role role, const Shape& shape, double deviation) {
        std::vector<float> values(static_cast<std::size_t>(element_count(shape)));
        const Seed seed = Seed{4}.child(layer).child(to_string(role));
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(deviation * seed.normal(i));
        return add(layer, role, shape, std::move(values), true);
    }
    std::size_t constant(const std::string& layer, Role role, std::int64_t size, float value, bool trainable) {
        return add(layer, role, {size}, std::vector<float>(static_cast<std::size_t>(size), value), trainable);
    }
    std::size_t add(const std::string& layer, Role role, const Shape& shape, std::vector<float> values, bool trainable) {
        const std::string name = layer + "/" + std::string(to_string(role));
        model_.parameters.push_back({.name = name, .layer = layer, .layer_class = "", .role = role, .shape = shape, .trainable = trainable, .path = name});
        model_.weights.push_back({shape, "float32", std::move(values)});
        return model_.parameters.size() - 1;
    }

    model::Model model_;
    std::size_t count_ = 0;
};

model::Model lenet() {
    Builder b("lenet");
    auto x = b.input({28, 28, 1});
    x = b.max_pool(b.relu(b.convolution(x, 1, 6, 5, 1, "same", true)), 2, 2, "valid");
    x = b.max_pool(b.relu(b.convolution(x, 6, 16, 5, 1, "valid", true)), 2, 2, "valid");
    x = b.relu(b.dense(b.flatten(x), 400, 120));
    x = b.relu(b.dense(x, 120, 84));
    return b.done(b.dense(x, 84, 10));
}

/// Two 3 x 3 convolutions around a shortcut, which is a 1 x 1 convolution where the shape changes (He et al. 2016, option B).
Builder::Vertex basic_block(Builder& b, Builder::Vertex x, std::int64_t in, std::int64_t out, std::int64_t stride) {
    const auto y = b.normalised(b.relu(b.normalised(x, in, out, 3, stride)), out, out, 3, 1);
    return b.relu(b.add(y, in == out && stride == 1 ? x : b.normalised(x, in, out, 1, stride)));
}

/// 1 x 1, 3 x 3 and 1 x 1 convolutions, the last four times as wide.
Builder::Vertex bottleneck(Builder& b, Builder::Vertex x, std::int64_t in, std::int64_t width, std::int64_t stride) {
    auto y = b.relu(b.normalised(x, in, width, 1, 1));
    y = b.relu(b.normalised(y, width, width, 3, stride));
    y = b.normalised(y, width, 4 * width, 1, 1);
    return b.relu(b.add(y, in == 4 * width && stride == 1 ? x : b.normalised(x, in, 4 * width, 1, stride)));
}

model::Model cifar_resnet(const std::string& name, const std::vector<std::int64_t>& widths, int blocks) {
    Builder b(name);
    std::int64_t in = widths[0];
    auto x = b.relu(b.normalised(b.input({32, 32, 3}), 3, in, 3, 1));
    for (const std::int64_t width : widths)
        for (int block = 0; block < blocks; ++block, in = width) x = basic_block(b, x, in, width, block == 0 && width != widths[0] ? 2 : 1);
    return b.done(b.dense(b.mean(x), in, 10));
}

model::Model resnet50() {
    Builder b("resnet50");
    auto x = b.max_pool(b.relu(b.normalised(b.input({224, 224, 3}), 3, 64, 7, 2)), 3, 2, "same");
    std::int64_t in = 64, width = 64;
    for (const int blocks : {3, 4, 6, 3}) {
        for (int block = 0; block < blocks; ++block, in = 4 * width) x = bottleneck(b, x, in, width, block == 0 && width != 64 ? 2 : 1);
        width *= 2;
    }
    return b.done(b.dense(b.mean(x), in, 1000));
}

struct Named { std::string_view name; model::Model (*make)(); };
constexpr Named networks[] = {
    {"mlp", [] { return make_perceptron(784, {512, 512, 10}, "relu"); }},
    {"lenet", lenet},
    {"resnet20", [] { return cifar_resnet("resnet20", {16, 32, 64}, 3); }},
    {"resnet18", [] { return cifar_resnet("resnet18", {64, 128, 256, 512}, 2); }},
    {"resnet50", resnet50},
};

}  // namespace

std::vector<std::string> network_names() {
    std::vector<std::string> names;
    for (const Named& network : networks) names.emplace_back(network.name);
    return names;
}

model::Model make_network(std::string_view name) {
    std::string known;
    for (const Named& network : networks) {
        if (network.name == name) return network.make();
        known += (known.empty() ? "" : ", ") + std::string(network.name);
    }
    throw Error(ErrorKind::usage, {"network", "one of " + known, std::string(name)});
}

model::Model make_perceptron(std::int64_t in, const std::vector<std::int64_t>& widths, const std::string& activation) {
    std::string name = std::to_string(in);
    for (const std::int64_t width : widths) name += "-" + std::to_string(width);
    Builder b(name);
    auto x = b.input({in});
    for (std::size_t i = 0; i < widths.size(); ++i) {
        x = b.dense(x, i == 0 ? in : widths[i - 1], widths[i]);
        if (i + 1 < widths.size()) x = b.activation(x, activation);
    }
    return b.done(x);
}

data::Rows random_rows(const model::Model& model, std::int64_t count) {
    const model::Architecture& architecture = *model.architecture;
    const Shape shape = architecture.graph[architecture.inputs.front()].attributes.at("shape").get<Shape>();
    const std::int64_t classes = model.parameters.back().shape.back();   // the last bias
    std::vector<double> values(static_cast<std::size_t>(count * element_count(shape)));
    std::vector<std::int64_t> labels(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = Seed{2}.normal(i);
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int64_t>(i) % classes;
    const auto split = data::make_split(std::move(values), shape, std::move(labels));
    return {split, data::all_rows(*split), {}};
}

}  // namespace assay::bench
