// Outputs of a network over the rows of a file, written as float32; with statistics of every layer on request.

#include "formats/format.hpp"
#include "libanalysis/engine/passes.hpp"
#include "libanalysis/engine/tape.hpp"
#include "libanalysis/measures/input_shapes.hpp"
#include "libanalysis/zoo/protocol.hpp"
#include "tools/tasks/open_data.hpp"
#include "tools/tasks/open_model.hpp"
#include "tools/tasks/worker_device.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <set>
#include <string>

namespace assay::tools::tasks {
namespace {

struct Statistics {
    double sum = 0, squares = 0, least = std::numeric_limits<double>::infinity(), largest = -least;
    std::int64_t count = 0, bad = 0;

    void add(std::span<const double> values) {
        for (const double x : values) {
            if (!std::isfinite(x)) {
                ++bad;
                continue;
            }
            sum += x;
            squares += x * x;
            least = std::min(least, x);
            largest = std::max(largest, x);
            ++count;
        }
    }
    Json json() const {
        const double n = static_cast<double>(count), mean = sum / n;
        const auto number = [](double x) { return std::isfinite(x) ? Json(x) : Json(); };
        return {{"mean", number(mean)}, {"standard_deviation", number(std::sqrt(std::max(squares / n - mean * mean, 0.0)))}, {"l2", number(std::sqrt(squares))},
                {"minimum", number(least)}, {"maximum", number(largest)}, {"non_finite", bad}};
    }
};

Json layer_statistics(const engine::Network& network, engine::Backend& backend, engine::ConstView parameters, const data::Rows& rows,
                      const model::Model& model, const Context& context) {
    std::vector<Statistics> statistics(network.node_names().size());
    engine::visit_forward(network, backend, parameters, rows, context, [&](std::int64_t, const engine::Tape& tape) {
        for (std::size_t node = 0; node < statistics.size(); ++node) statistics[node].add(backend.to_host(tape.output(node)));
    });
    std::map<std::string, std::string> classes;   // last nodes carry the layer's name
    for (const std::size_t vertex : model.architecture->topological_order()) {
        const model::Node& node = model.architecture->graph[vertex];
        classes[node.name] = node.name == node.layer || node.name.starts_with(node.layer + "#") ? node.layer_class : "";
    }
    Json layers = Json::array();
    for (std::size_t node = 0; node < statistics.size(); ++node) {
        const std::string& name = network.node_names()[node];
        if (classes[name].empty()) continue;
        Json row{{"name", name}, {"class", classes[name]}, {"shape", network.node_shape(node)}};
        row.update(statistics[node].json());
        layers.push_back(std::move(row));
    }
    return layers;
}

Json run(const Json& arguments, const Context& given, const std::function<void(const Json&)>&) {
    engine::make_thread_serial();
    const auto backend = worker_backend(arguments);
    const Context context = device_context(arguments, given);
    const std::string path = text_argument(arguments, "path"), out = text_argument(arguments, "out");
    const auto model = open_model(arguments);
    if (!model) throw Error(ErrorKind::format, {path, "a checkpoint", "a file that no format claims"});
    if (!model->architecture)
        throw Error(ErrorKind::missing, {path, "an architecture", "weights only", "Give one with --architecture"});

    // The names of the inputs are known before their shapes are, which the data may have to settle.
    std::vector<std::string> names;
    for (const std::size_t vertex : model->architecture->inputs) names.push_back(model->architecture->graph[vertex].name);
    const auto split = formats::open_inputs(text_argument(arguments, "data"), names);
    const engine::Network network(*model, {.precision = precision_argument(arguments), .logits = false, .input_shapes = measures::input_shapes_for(*model, *split),
                                           .micro_batches = backend->micro_batches()});
    const engine::Buffer parameters = network.pack(*backend, model->weights);
    const data::Rows rows{split, data::all_rows(*split), preprocessing_for(arguments, *model)};

    std::vector<formats::NamedArray> arrays;
    Json outputs = Json::array();
    std::set<std::string> taken;
    for (std::size_t i = 0; i < network.output_names().size(); ++i) {
        const engine::Outputs values = engine::outputs_over(network, *backend, parameters.const_view(), rows, context, i);
        Shape shape{values.count};
        shape.insert(shape.end(), network.output_shapes()[i].begin(), network.output_shapes()[i].end());
        Statistics statistics;
        statistics.add(values.values);
        std::string name = network.output_names()[i];   // a layer may be an output twice
        for (int again = 1; !taken.insert(name).second; ++again) name = network.output_names()[i] + "_" + std::to_string(again);
        Json row{{"name", name}, {"shape", shape}};
        row.update(statistics.json());
        outputs.push_back(std::move(row));
        arrays.push_back({name, std::move(shape), {values.values.begin(), values.values.end()}});
    }
    if (!out.empty()) formats::write_arrays(out, arrays);
    Json result{{"path", path}, {"data", text_argument(arguments, "data")}, {"out", out}, {"rows", rows.count()},
                {"preprocessing", rows.preprocessing.describe()}, {"outputs", std::move(outputs)}, {"precision", text_argument(arguments, "precision")},
                {"notes", model->notes}};
    if (arguments.value("layers", false))
        result["layers"] = layer_statistics(network, *backend, parameters.const_view(), rows, *model, context);
    result.update(device_facts(arguments));
    return result;
}

}  // namespace

extern const zoo::Task forward{"forward", within_memory<run>};

}  // namespace assay::tools::tasks
