// What is in a checkpoint, layer by layer, and what is wrong with it.

#include "formats/format.hpp"
#include "libanalysis/core/hash.hpp"
#include "libanalysis/engine/network.hpp"
#include "libanalysis/measures/input_shapes.hpp"
#include "libanalysis/zoo/protocol.hpp"
#include "tools/tasks/open_data.hpp"
#include "tools/tasks/open_model.hpp"
#include "tools/tasks/scale_check.hpp"
#include "tools/tasks/worker_device.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <unordered_map>

namespace assay::tools::tasks {
namespace {

struct Layer {
    std::string name, class_name;
    std::optional<Shape> output;
    std::vector<std::size_t> parameters;
};

// Layers in the model's order: of the graph where there is one, then those that only have tensors.
std::vector<Layer> layers_of(const model::Model& model) {
    std::vector<Layer> layers;
    std::unordered_map<std::string, std::size_t> index;
    const auto layer = [&](const std::string& name, const std::string& class_name) -> Layer& {
        const auto [found, fresh] = index.emplace(name, layers.size());
        if (fresh) layers.push_back({name, class_name, {}, {}});
        return layers[found->second];
    };
    if (model.architecture)
        for (const std::size_t vertex : model.architecture->topological_order()) {
            const model::Node& node = model.architecture->graph[vertex];
            layer(node.layer, node.layer_class);
        }
    for (std::size_t i = 0; i < model.parameters.size(); ++i)
        layer(model.parameters[i].layer, model.parameters[i].layer_class).parameters.push_back(i);
    return layers;
}

// The output of a file's layer is its last node's, which carries its name.
void add_shapes(const model::Model& model, const std::vector<Shape>& input_shapes, std::vector<Layer>& layers, std::vector<std::string>& problems) {
    try {
        const engine::Network network(model, {.precision = engine::DType::float32, .logits = false, .input_shapes = input_shapes});
        std::unordered_map<std::string, Shape> shapes;
        for (std::size_t i = 0; i < network.node_names().size(); ++i) shapes[network.node_names()[i]] = network.node_shape(i);
        for (Layer& layer : layers)
            if (const auto found = shapes.find(layer.name); found != shapes.end()) layer.output = found->second;
    } catch (const Error& error) {
        problems.push_back(error.what());
    }
}

struct Weights { std::int64_t count = 0, zeros = 0, bad = 0; };

Weights weights_of(const model::Model& model, const Layer& layer) {
    Weights weights;
    for (const std::size_t i : layer.parameters)
        std::visit([&](const auto& values) {
            weights.count += static_cast<std::int64_t>(values.size());
            for (const auto value : values) {
                weights.zeros += value == 0;
                weights.bad += !std::isfinite(value);
            }
        }, model.weights.at(i).values);
    return weights;
}

Json scales_of(std::shared_ptr<const model::Model> model, const Json& arguments, const Context& given, std::vector<std::string>& problems) {
    Json scales = Json::array();
    const std::string path = text_argument(arguments, "data");
    if (path.empty()) return scales;
    const data::Dataset& dataset = open_data(path, given.memory);
    const auto split = dataset.test ? dataset.test : dataset.train;
    if (!split || !split->has_labels()) {
        problems.push_back(path + ": no labels to compare with");
        return scales;
    }
    measures::Subject subject(model, {.loss = text_argument(arguments, "loss"), .precision = engine::DType::float32}, device_context(arguments, given));
    subject.set_backend(worker_backend(arguments));
    data::Rows rows{split, data::sample_rows(data::all_rows(*split), std::min<std::int64_t>(2000, split->rows()), Seed{}.child("inspect")), {}};
    subject.set_rows("test", rows);
    std::vector<data::Preprocessing> candidates = common_scales();
    if (!model->preprocessing.is_null()) candidates.insert(candidates.begin(), preprocessing_from(model->preprocessing));   // the file's own
    for (const data::Preprocessing& scale : candidates) {
        rows.preprocessing = scale;
        try {
            scales.push_back({{"preprocessing", scale.describe()}, {"accuracy", number_to_json(accuracy_on(subject, rows))}, {"rows", rows.count()}});
        } catch (const Error& error) {
            if (is_circumstance(error)) throw;
            problems.push_back(error.what());
            break;
        }
    }
    return scales;
}

Json run(const Json& arguments, const Context& context, const std::function<void(const Json&)>&) {
    engine::make_thread_serial();
    worker_backend(arguments);   // a device that is not there is said before anything is read
    const std::string path = text_argument(arguments, "path");
    const auto model = open_model(arguments);
    if (!model) return {{"status", "not_a_model"}, {"path", path}, {"content", hash_file(path)}};
    std::vector<std::string> problems;
    std::vector<Layer> layers = layers_of(*model);
    std::vector<Shape> data_shapes;
    if (const std::string data = text_argument(arguments, "data"); !data.empty()) {
        const data::Dataset& dataset = open_data(data, context.memory);
        if (const auto split = dataset.test ? dataset.test : dataset.train) data_shapes = measures::input_shapes_for(*model, *split);
    }
    if (model->architecture)
        add_shapes(*model, data_shapes, layers, problems);
    else
        problems.push_back("no architecture in a weights-only file: give one with --architecture");

    Json table = Json::array();
    Weights total;
    for (const Layer& layer : layers) {
        const Weights weights = weights_of(*model, layer);
        total.count += weights.count;
        total.zeros += weights.zeros;
        total.bad += weights.bad;
        if (weights.bad > 0) problems.push_back(fmt::format("layer {}: {} of {} weights are NaN or infinite", layer.name, weights.bad, weights.count));
        Json tensors = Json::array();
        for (const std::size_t i : layer.parameters)
            tensors.push_back({{"name", model->parameters[i].name}, {"role", model::to_string(model->parameters[i].role)},
                               {"shape", model->parameters[i].shape}, {"stored_type", model->weights[i].stored_type},
                               {"trainable", model->parameters[i].trainable}});
        table.push_back({{"name", layer.name}, {"class", layer.class_name}, {"output_shape", layer.output ? Json(*layer.output) : Json()},
                         {"parameters", weights.count}, {"zeros", weights.zeros}, {"non_finite", weights.bad}, {"tensors", std::move(tensors)}});
    }
    Json result{{"status", "ok"}, {"path", path}, {"content", hash_file(path)}, {"facts", facts_of(*model)}, {"layers", std::move(table)},
                {"parameters", total.count}, {"zeros", total.zeros}, {"non_finite", total.bad}, {"notes", model->notes}};
    result["scales"] = scales_of(model, arguments, context, problems);
    result["problems"] = problems;
    return result;
}

}  // namespace

extern const zoo::Task inspect{"inspect", run};

}  // namespace assay::tools::tasks
