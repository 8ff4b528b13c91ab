// What is in a checkpoint, layer by layer, and what is wrong with it.

#include "formats/format.hpp"
#include "libanalysis/core/hash.hpp"
#include "libanalysis/engine/outline.hpp"
#include "libanalysis/lint/input_scale.hpp"
#include "libanalysis/lint/rule.hpp"
#include "libanalysis/measures/input_shapes.hpp"
#include "libanalysis/zoo/protocol.hpp"
#include "tools/tasks/graph_drawing.hpp"
#include "tools/tasks/open_data.hpp"
#include "tools/tasks/open_model.hpp"
#include "tools/tasks/worker_device.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <unordered_map>

namespace assay::tools::tasks {
namespace {

struct Layer {
    std::string name, class_name;
    std::optional<Shape> output{};
    double madds = 0;
    std::string field{};                   // "5 x 5", "all"; empty where it is not known
    std::vector<std::string> problems{};
    std::vector<std::size_t> parameters{};
};

// Layers in the model's order: of the graph where there is one, then those that only have tensors.
std::vector<Layer> layers_of(const model::Model& model) {
    std::vector<Layer> layers;
    std::unordered_map<std::string, std::size_t> index;
    const auto layer = [&](const std::string& name, const std::string& class_name) -> Layer& {
        const auto [found, fresh] = index.emplace(name, layers.size());
        if (fresh) layers.push_back({.name = name, .class_name = class_name});
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

std::string in_words(const engine::NodeOutline& node) {
    if (node.sees_all) return "all";
    std::string words;
    for (const engine::Reach& reach : node.field) words += fmt::format("{}{}", words.empty() ? "" : " x ", static_cast<std::int64_t>(reach.size));
    return words;
}

// The output of a file's layer is its last node's, which carries its name; its multiply-adds are those of all its nodes.
void add_outline(const model::Model& model, const std::vector<engine::NodeOutline>& outline, std::vector<Layer>& layers) {
    std::unordered_map<std::string, std::size_t> index;
    for (std::size_t i = 0; i < layers.size(); ++i) index[layers[i].name] = i;
    for (const std::size_t vertex : model.architecture->topological_order()) {
        const model::Node& node = model.architecture->graph[vertex];
        Layer& layer = layers[index.at(node.layer)];
        const engine::NodeOutline& told = outline[vertex];
        layer.madds += told.madds;
        if (!told.problem.empty()) layer.problems.push_back(told.problem);
        if (node.name != node.layer) continue;
        layer.output = told.shape;
        layer.field = in_words(told);
    }
}

std::string stored_types(const model::Model& model, const Layer& layer) {
    std::string words;
    for (const std::size_t i : layer.parameters)
        if (const std::string& type = model.weights[i].stored_type; words.find(type) == std::string::npos) words += (words.empty() ? "" : ", ") + type;
    return words;
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
    std::vector<data::Preprocessing> candidates = lint::common_scales();
    if (!model->preprocessing.is_null()) candidates.insert(candidates.begin(), preprocessing_from(model->preprocessing));   // the file's own
    for (const data::Preprocessing& scale : candidates) {
        rows.preprocessing = scale;
        try {
            scales.push_back({{"preprocessing", scale.describe()}, {"accuracy", number_to_json(lint::accuracy_on(subject, rows))}, {"rows", rows.count()}});
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
    if (!model) return {{"status", "not_a_model"}, {"path", path}, {"content", hash_file(path)}, {"reason", formats::describe(path)}};
    std::vector<std::string> problems;
    std::vector<Layer> layers = layers_of(*model);
    std::vector<Shape> data_shapes;
    if (const std::string data = text_argument(arguments, "data"); !data.empty()) {
        const data::Dataset& dataset = open_data(data, context.memory);
        if (const auto split = dataset.test ? dataset.test : dataset.train) data_shapes = measures::input_shapes_for(*model, *split);
    }
    const std::vector<engine::NodeOutline> outline = engine::outline(*model, data_shapes);
    if (model->architecture)
        add_outline(*model, outline, layers);
    else
        problems.push_back("the file has no architecture that can be run: --architecture gives one");

    Json table = Json::array();
    Weights total;
    double madds = 0;
    std::size_t unknown = 0;   // layers whose multiply-adds cannot be told
    for (const Layer& layer : layers) {
        const bool known = model->architecture && layer.problems.empty();
        unknown += !known;
        const Weights weights = weights_of(*model, layer);
        total.count += weights.count;
        total.zeros += weights.zeros;
        total.bad += weights.bad;
        madds += layer.madds;
        Json tensors = Json::array();
        for (const std::size_t i : layer.parameters)
            tensors.push_back({{"name", model->parameters[i].name}, {"role", model::to_string(model->parameters[i].role)},
                               {"shape", model->parameters[i].shape}, {"stored_type", model->weights[i].stored_type},
                               {"trainable", model->parameters[i].trainable}});
        table.push_back({{"name", layer.name}, {"class", layer.class_name}, {"output_shape", layer.output ? Json(*layer.output) : Json()},
                         {"parameters", weights.count}, {"multiply_adds", known ? Json(layer.madds) : Json()}, {"receptive_field", layer.field.empty() ? Json() : Json(layer.field)},
                         {"stored_types", stored_types(*model, layer)}, {"problems", layer.problems}, {"zeros", weights.zeros}, {"non_finite", weights.bad}, {"tensors", std::move(tensors)}});
    }
    Json findings = Json::array();
    for (const lint::Finding& finding : lint::check(lint::ModelMaterial{*model, outline, nullptr})) findings.push_back(lint::to_json(finding));
    Json result{{"status", "ok"}, {"path", path}, {"content", hash_file(path)}, {"facts", facts_of(*model)}, {"layers", std::move(table)},
                {"parameters", total.count}, {"multiply_adds", unknown > 0 ? Json() : Json(madds)}, {"multiply_adds_at_least", madds}, {"layers_of_unknown_cost", unknown}, {"zeros", total.zeros}, {"non_finite", total.bad}, {"notes", model->notes},
                {"findings", std::move(findings)}};
    try {
        if (const auto state = formats::optimizer_state(path))
            result["optimizer_state"] = {{"arrays", state->arrays}, {"numbers", state->numbers}, {"steps", state->steps ? Json(*state->steps) : Json()}};
    } catch (const Error& error) {
        problems.push_back(std::string("the optimizer's state cannot be read: ") + error.what());
    }
    if (arguments.value("draw", false) && model->architecture) result["dot"] = graph_drawing(*model, outline);
    result["scales"] = scales_of(model, arguments, context, problems);
    result["problems"] = problems;
    return result;
}

}  // namespace

extern const zoo::Task inspect{"inspect", within_memory<run>};

}  // namespace assay::tools::tasks
