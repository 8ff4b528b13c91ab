#include "libanalysis/engine/network_implementation.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace assay::engine {
using namespace internal;

// ---- construction ----

Network::Implementation::Implementation(const model::Model& model, NetworkOptions given) : path(model.path), options(std::move(given)) {
    if (options.precision == DType::int32)
        throw Error(ErrorKind::usage, {"network", "precision float32 or float64", "int32"});
    if (!model.architecture)
        throw Error(ErrorKind::missing, {path, "a file with an architecture", "weights only", "Measures on weights still run."});
    lay_out(model);
    const model::Architecture& architecture = *model.architecture;
    const std::vector<std::size_t> order = architecture.topological_order();
    const std::vector<std::size_t> outputs = choose_outputs(architecture);

    // Branches that reach no output are left out, so that an unknown layer there does no harm.
    std::vector<char> needed(boost::num_vertices(architecture.graph), 0);
    for (const std::size_t vertex : outputs) needed[vertex] = 1;
    for (auto vertex = order.rbegin(); vertex != order.rend(); ++vertex)
        if (needed[*vertex])
            for (const std::size_t source : architecture.inputs_of(*vertex)) needed[source] = 1;
    for (const std::size_t vertex : architecture.inputs) needed.at(vertex) = 1;

    input_steps.assign(architecture.inputs.size(), none);
    input_names.resize(architecture.inputs.size());
    input_shapes.resize(architecture.inputs.size());
    if (!options.input_shapes.empty() && options.input_shapes.size() != architecture.inputs.size())
        throw Error(ErrorKind::usage, {path, std::to_string(architecture.inputs.size()) + " input shapes", std::to_string(options.input_shapes.size())});

    std::vector<std::size_t> step_of(needed.size(), none);
    for (const std::size_t vertex : order) {
        if (!needed[vertex]) continue;
        const model::Node& node = architecture.graph[vertex];
        Step step;
        step.name = node.name;
        const std::string layer = "layer " + (node.layer.empty() ? node.name : node.layer) +
                                  (node.layer_class.empty() ? "" : " (" + node.layer_class + ")");
        step.where = path + ", " + layer;
        if (node.kind == "unsupported")
            throw Error(ErrorKind::unsupported, {path + ": " + layer, "", "Assay has no such layer", "Measures on weights still run."});
        if (node.kind == "input") {
            const auto found = std::find(architecture.inputs.begin(), architecture.inputs.end(), vertex);
            if (found == architecture.inputs.end()) throw Error(ErrorKind::format, {step.where, "an input of the model", "one that it does not list"});
            const auto index = static_cast<std::size_t>(found - architecture.inputs.begin());
            add_input(model, node, index, step);
            input_steps[index] = steps.size();
        } else {
            for (const std::size_t source : architecture.inputs_of(vertex)) step.sources.push_back(step_of[source]);
            add_layer(model, node, step);
        }
        step.size = static_cast<std::size_t>(element_count(step.shape));
        step_of[vertex] = steps.size();
        node_names.push_back(step.name);
        steps.push_back(std::move(step));
    }
    for (const std::size_t vertex : outputs) {
        output_steps.push_back(step_of[vertex]);
        output_shapes.push_back(steps[step_of[vertex]].shape);
    }
    for (const std::size_t step : input_steps)
        if (step == none) throw Error(ErrorKind::format, {path, "inputs of kind input", "another layer among the model's inputs"});
    settle_types();
    settle_masks();
    settle_derivatives();
    plan_memory();
}

void Network::Implementation::lay_out(const model::Model& model) {
    layout.entries.resize(model.parameters.size());
    std::size_t offset = 0;
    for (const bool trainable : {true, false}) {
        for (std::size_t i = 0; i < model.parameters.size(); ++i) {
            if (model.parameters[i].trainable != trainable) continue;
            const auto size = static_cast<std::size_t>(element_count(model.parameters[i].shape));
            layout.entries[i] = {i, offset, size, trainable};
            offset += size;
        }
        if (trainable) layout.trainable_count = offset;
    }
    layout.total_count = offset;
    for (const model::Parameter& parameter : model.parameters) {
        parameter_names.push_back(parameter.name);
        parameter_shapes.push_back(parameter.shape);
    }
}

/// The output vertices, with a final softmax or sigmoid that nobody else reads replaced by its input where logits are wanted.
std::vector<std::size_t> Network::Implementation::choose_outputs(const model::Architecture& architecture) {
    std::vector<std::size_t> outputs = architecture.outputs;
    if (outputs.empty()) throw Error(ErrorKind::format, {path, "a model with an output", "none"});
    for (std::size_t i = 0; i < outputs.size(); ++i) {
        const std::size_t vertex = architecture.outputs[i];
        const model::Node& node = architecture.graph[vertex];
        output_names.push_back(node.layer.empty() ? node.name : node.layer);
        const auto uses = std::count(architecture.outputs.begin(), architecture.outputs.end(), vertex);
        if (!options.logits || node.kind != "activation" || uses > 1 || boost::out_degree(vertex, architecture.graph) > 0) continue;
        const std::string function = node.attributes.value("function", std::string());
        const std::vector<std::size_t> sources = architecture.inputs_of(vertex);
        if ((function != "softmax" && function != "sigmoid") || sources.size() != 1) continue;
        outputs[i] = sources[0];
        if (i == 0) folded = function;
    }
    return outputs;
}

void Network::Implementation::add_input(const model::Model&, const model::Node& node, std::size_t index, Step& step) {
    const auto attribute = node.attributes.find("shape");
    bool good = attribute != node.attributes.end() && attribute->is_array();
    if (good)
        for (const Json& extent : *attribute) {
            good = good && extent.is_number_integer();
            if (good) step.shape.push_back(extent.get<std::int64_t>());
        }
    if (!good) throw Error(ErrorKind::format, {step.where, "an input with a `shape` of integers", node.attributes.dump()});
    const Shape declared = step.shape;
    if (!options.input_shapes.empty()) {
        const Shape& given = options.input_shapes[index];
        bool fits = given.size() == declared.size();
        for (std::size_t i = 0; fits && i < given.size(); ++i) fits = given[i] >= 1 && (declared[i] < 0 || declared[i] == given[i]);
        if (!fits) throw Error(ErrorKind::data, {step.where, "rows of shape " + to_string(declared), to_string(given)});
        step.shape = given;
    }
    for (const std::int64_t extent : step.shape) {
        if (extent < 0)
            throw Error(ErrorKind::data, {step.where, "known extents", "shape " + to_string(declared), "Give data, or the shape of a row."});
        if (extent == 0) throw Error(ErrorKind::format, {step.where, "positive extents", "shape " + to_string(declared)});
    }
    double values = 1;
    for (const std::int64_t extent : step.shape) values *= static_cast<double>(extent);
    if (values > 2147483647.0) throw Error(ErrorKind::format, {step.where, "an input of at most 2^31 values per row", "shape " + to_string(step.shape)});
    step.input = index;
    input_names[index] = step.name;
    input_shapes[index] = step.shape;
}

void Network::Implementation::add_layer(const model::Model& model, const model::Node& node, Step& step) {
    LayerSpec spec{.where = step.where, .attributes = node.attributes, .inputs = {}, .parameters = {}};
    for (const std::size_t source : step.sources) spec.inputs.push_back(steps[source].shape);
    for (const std::size_t parameter : node.parameters) spec.parameters.push_back(model.parameters.at(parameter).shape);
    step.parameters = node.parameters;
    step.layer = make_layer(node.kind, spec);
    step.shape = step.layer->output_shape();
    step.alias = step.layer->aliases_input();
    madds += step.layer->madds();
}

/// An input is an array of integers when a layer reads it as one, whatever type the file declares.
void Network::Implementation::settle_types() {
    std::vector<char> integer(steps.size(), 0);
    for (std::size_t i = steps.size(); i-- > 0;) {
        const bool wants = steps[i].layer && (steps[i].layer->integer_input() || (steps[i].alias && integer[i]));
        for (const std::size_t source : steps[i].sources)
            if (wants) integer[source] = 1;
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
        Step& step = steps[i];
        step.type = integer[i] ? DType::int32 : options.precision;
        if (!step.layer) continue;
        if (integer[i] && !step.alias)
            throw Error(ErrorKind::unsupported, {step.where, "", "a computed value is used as an index by a later layer"});
        const bool reads_integers = step.layer->integer_input() || (step.alias && integer[i]);
        for (const std::size_t source : step.sources)
            if (!reads_integers && steps[source].type == DType::int32)
                throw Error(ErrorKind::unsupported, {step.where, "", "an input is used as indices and as numbers"});
    }
    for (const std::size_t step : input_steps) input_types.push_back(steps[step].type);
}

void Network::Implementation::settle_masks() {
    for (std::size_t i = 0; i < steps.size(); ++i) {
        Step& step = steps[i];
        if (!step.layer) continue;
        std::size_t mask = none;
        for (const std::size_t source : step.sources) {
            const std::size_t other = steps[source].mask;
            if (other == none) continue;
            if (mask != none && mask != other && !step.layer->separate_masks())
                throw Error(ErrorKind::unsupported, {step.where, "", "inputs under different masks"});
            mask = other;
        }
        if (step.layer->separate_masks()) mask = steps[step.sources[0]].mask;
        if (step.layer->makes_mask()) step.mask = i;
        else if (step.layer->passes_mask()) step.mask = mask;
        else if (mask != none && step.sources.size() > 1) throw Error(ErrorKind::unsupported, {step.where, "", "masked inputs are joined along the masked axis"});
    }
}

void Network::Implementation::settle_derivatives() {
    std::vector<std::size_t> readers(steps.size(), 0);
    for (const Step& step : steps)
        for (const std::size_t source : step.sources) ++readers[source];
    for (const std::size_t step : output_steps) ++readers[step];
    std::vector<char> read_later(steps.size(), 0);
    for (const std::size_t step : output_steps) read_later[step] = 1;
    for (std::size_t i = steps.size(); i-- > 0;)
        for (const std::size_t source : steps[i].sources) {
            if (!read_later[source]) steps[i].last_read.push_back(source);
            read_later[source] = 1;
        }
    for (Step& step : steps) {
        step.below_inputs = !step.layer && step.type != DType::int32;
        for (const std::size_t parameter : step.parameters) step.below_parameters |= layout.entries[parameter].trainable;
        for (const std::size_t source : step.sources) {
            step.below_parameters |= steps[source].below_parameters;
            step.below_inputs |= steps[source].below_inputs;
        }
        step.sole_consumer = step.alias && readers[step.sources[0]] == 1;
    }
}

/// Rows per micro-batch, as the device wants them. Bytes in flight: the primal; with its deltas and the tangents of both.
void Network::Implementation::plan_memory() {
    const MicroBatches& device = options.micro_batches;
    std::size_t working_set = 1, values = 0, saved = 0;   // per row, float32
    for (const Step& step : steps) {
        std::size_t touched = step.size;
        for (const std::size_t source : step.sources) touched += steps[source].size;
        working_set = std::max(working_set, touched);
        if (!step.alias) values += step.size;
        if (step.layer) saved += step.layer->saved_bytes();
        if (step.layer && step.layer->makes_mask()) values += static_cast<std::size_t>(step.shape.at(0));
    }
    const auto rows_in = [](std::size_t bytes, std::size_t row) {
        return static_cast<std::int64_t>(std::bit_floor(std::max<std::size_t>(1, bytes / std::max<std::size_t>(1, row))));
    };
    micro_batch = std::min(std::clamp(rows_in(device.touched, 4 * working_set), device.least, device.most), rows_in(device.whole, 4 * values + saved));
    const std::size_t words = size_of(options.precision) / 4, vectors = 2 * layout.trainable_count * size_of(options.precision);
    const std::size_t derivatives = (16 * values + 2 * saved) * words;   // of a row
    micro_batch = std::min(micro_batch, rows_in(device.derivatives - std::min(vectors, device.derivatives), derivatives));
    const auto rows = static_cast<std::size_t>(micro_batch);
    forward_bytes = rows * (4 * values + saved) * words;
    derivative_bytes = rows * derivatives + vectors;
}

Network::Network(const model::Model& model, NetworkOptions options)
    : implementation_(std::make_unique<Implementation>(model, std::move(options))) {}
Network::Network(Network&&) noexcept = default;
Network::~Network() = default;

const NetworkOptions& Network::options() const { return implementation_->options; }
const ParameterLayout& Network::layout() const { return implementation_->layout; }
const std::vector<std::string>& Network::input_names() const { return implementation_->input_names; }
const std::vector<Shape>& Network::input_shapes() const { return implementation_->input_shapes; }
const std::vector<DType>& Network::input_types() const { return implementation_->input_types; }
const std::vector<std::string>& Network::output_names() const { return implementation_->output_names; }
const std::vector<Shape>& Network::output_shapes() const { return implementation_->output_shapes; }
const std::vector<std::string>& Network::node_names() const { return implementation_->node_names; }
Shape Network::node_shape(std::size_t node) const { return implementation_->steps.at(node).shape; }
const std::string& Network::folded_activation() const { return implementation_->folded; }
std::int64_t Network::micro_batch() const { return implementation_->micro_batch; }
std::size_t Network::forward_bytes() const { return implementation_->forward_bytes; }
std::size_t Network::derivative_bytes() const { return implementation_->derivative_bytes; }
double Network::forward_madds() const { return implementation_->madds; }
double Network::node_madds(std::size_t node) const {
    const Step& step = implementation_->steps.at(node);
    return step.layer ? step.layer->madds() : 0;
}

Buffer Network::pack(Backend& backend, const model::Weights& weights) const {
    const Implementation& net = *implementation_;
    if (weights.size() != net.layout.entries.size())
        throw Error(ErrorKind::format, {net.path, std::to_string(net.layout.entries.size()) + " weight arrays", std::to_string(weights.size())});
    Buffer packed = backend.allocate(net.options.precision, net.layout.total_count);
    const auto fill = [&](auto zero) {
        using T = decltype(zero);
        std::vector<T> host(net.layout.total_count);
        for (const auto& entry : net.layout.entries) {
            const model::Tensor& tensor = weights[entry.parameter];
            if (tensor.shape != net.parameter_shapes[entry.parameter])
                throw Error(ErrorKind::format, {net.path + ", " + net.parameter_names[entry.parameter],
                                                "shape " + to_string(net.parameter_shapes[entry.parameter]), "shape " + to_string(tensor.shape)});
            std::visit([&](const auto& values) {
                if (values.size() != entry.size)
                    throw Error(ErrorKind::format, {net.path + ", " + net.parameter_names[entry.parameter],
                                                    std::to_string(entry.size) + " values", std::to_string(values.size())});
                std::transform(values.begin(), values.end(), host.begin() + static_cast<std::ptrdiff_t>(entry.offset),
                               [](auto value) { return static_cast<T>(value); });
            }, tensor.values);
        }
        backend.upload(host.data(), packed.view());
    };
    if (net.options.precision == DType::float64) fill(double{});
    else fill(float{});
    if (!backend.on_host())
        for (const Step& step : net.steps)
            if (step.layer) step.layer->check_parameters(backend, net.parameters_of(step, packed.const_view()));
    return packed;
}

// ---- passes ----

Tape Network::forward(Backend& lane, ConstView parameters, Batch batch) const {
    Tape tape;
    run(lane, tape, parameters, std::move(batch), true);
    return tape;
}

std::vector<Buffer> Network::outputs(Backend& lane, ConstView parameters, Batch batch) const {
    Tape tape;
    run(lane, tape, parameters, std::move(batch), false);
    std::vector<Buffer> result;
    for (const std::size_t step : implementation_->output_steps) result.push_back(tape.values_[step].share());
    return result;
}

void Network::run(Backend& lane, Tape& tape, ConstView parameters, Batch batch, bool keep) const {
    const Implementation& net = *implementation_;
    require(parameters.size == net.layout.total_count && parameters.type == net.options.precision, "forward",
            std::to_string(net.layout.total_count) + " parameters of the network's precision", std::to_string(parameters.size));
    require(batch.inputs.size() == net.input_steps.size() && batch.size > 0, "forward", std::to_string(net.input_steps.size()) + " inputs and a row",
            std::to_string(batch.inputs.size()) + " inputs, " + std::to_string(batch.size) + " rows");
    const auto rows = static_cast<std::size_t>(batch.size);
    tape.batch_ = batch.size;
    tape.parameters_ = parameters;
    tape.output_nodes_ = net.output_steps;
    tape.values_.resize(net.steps.size());
    tape.masks_.resize(net.steps.size());
    tape.saved_.resize(net.steps.size());
    tape.deltas_.resize(net.steps.size());
    for (std::size_t i = 0; i < net.steps.size(); ++i) {
        const Step& step = net.steps[i];
        if (!step.layer) {
            Buffer& given = batch.inputs[step.input];
            require(given.size() == rows * step.size && given.type() == step.type, "forward",
                    "an input of shape " + to_string(step.shape) + " and its own type", std::to_string(given.size()) + " values");
            tape.values_[i] = std::move(given);
        } else if (step.alias) {
            tape.values_[i] = tape.values_[step.sources[0]].share();
        } else {
            tape.values_[i] = lane.allocate(step.type, rows * step.size);
            if (step.layer->makes_mask() && step.mask == i)
                tape.masks_[i] = lane.allocate(step.type, rows * static_cast<std::size_t>(step.shape.at(0)));
            step.layer->forward(lane, net.frame(tape, i));
        }
        if (keep) continue;
        tape.saved_[i].clear();
        for (const std::size_t source : step.last_read) tape.values_[source] = {};
    }
}

void Network::backward(Backend& lane, Tape& tape, const std::vector<ConstView>& seeds, View gradient, std::vector<Buffer>* input_gradients) const {
    reverse(lane, tape, seeds, gradient, input_gradients, tape.deltas_, true);
}

void Network::transpose(Backend& lane, Tape& tape, const std::vector<ConstView>& seeds, View gradient, std::vector<Buffer>* input_gradients) const {
    std::vector<Buffer> deltas(implementation_->steps.size());
    reverse(lane, tape, seeds, gradient, input_gradients, deltas, false);
}

namespace {

/// The gradients of the values of all steps during one reverse pass: which hold something, and whom a step adds to.
class Targets {
public:
    Targets(const Network::Implementation& net, Backend& lane, std::int64_t rows, bool inputs_too, std::vector<Buffer>& buffers)
        : net_(net), lane_(lane), rows_(static_cast<std::size_t>(rows)), inputs_too_(inputs_too), buffers_(buffers), live_(net.steps.size(), 0) {}

    bool live(std::size_t step) const { return live_[step] != 0; }
    /// Adds the seeds of the outputs, those that are there and wanted.
    void seed(const std::vector<ConstView>& seeds, const char* pass) {
        require(seeds.size() == net_.output_steps.size(), pass, std::to_string(net_.output_steps.size()) + " seeds", std::to_string(seeds.size()));
        for (std::size_t o = 0; o < seeds.size(); ++o) {
            const std::size_t i = net_.output_steps[o];
            if (seeds[o].empty()) continue;
            require(seeds[o].size == rows_ * net_.steps[i].size, pass, std::to_string(rows_ * net_.steps[i].size) + " seed values", std::to_string(seeds[o].size));
            if (!net_.wants_delta(net_.steps[i], inputs_too_)) continue;
            if (live_[i]) lane_.axpy(1, seeds[o], buffers_[i].view());
            else lane_.copy(seeds[o], open(i));
        }
    }
    /// The targets of a step's inputs. Those that hold nothing yet are cleared, or marked in the frame of a layer that overwrites.
    std::vector<View> of(const Step& step, Frame& frame) {
        std::vector<View> views;
        for (std::size_t j = 0; j < step.sources.size(); ++j) {
            const std::size_t source = step.sources[j];
            if (!net_.wants_delta(net_.steps[source], inputs_too_)) {
                views.emplace_back();
                continue;
            }
            if (!live_[source]) {
                const View opened = open(source);
                if (j < 64 && step.layer->overwrites_gradients()) frame.fresh |= std::uint64_t{1} << j;
                else lane_.fill(opened, 0);
            }
            views.push_back(buffers_[source].view());
        }
        return views;
    }
    /// A step under another name: its input's gradient is its own.
    void share(std::size_t step, std::size_t source) {
        buffers_[source] = buffers_[step].share();
        live_[source] = 1;
    }
    /// The gradients of the network's inputs; zero where nothing reached them.
    void copy_inputs(std::vector<Buffer>& inputs) {
        inputs.clear();
        for (const std::size_t i : net_.input_steps) {
            inputs.emplace_back();
            if (net_.steps[i].type == DType::int32) continue;
            Buffer& result = inputs.back();
            result = lane_.allocate(net_.steps[i].type, rows_ * net_.steps[i].size);
            if (live_[i]) lane_.copy(buffers_[i].const_view(), result.view());
            else lane_.fill(result.view(), 0);
        }
    }

private:
    View open(std::size_t step) {   // whatever it holds
        live_[step] = 1;
        return ensure(lane_, buffers_[step], net_.steps[step].type, rows_ * net_.steps[step].size);
    }
    const Network::Implementation& net_;
    Backend& lane_;
    std::size_t rows_;
    bool inputs_too_;
    std::vector<Buffer>& buffers_;
    std::vector<char> live_;
};

}  // namespace

/// With `keep`, every delta stays in `deltas`; otherwise each is given back as soon as its layer has been passed.
void Network::reverse(Backend& lane, Tape& tape, const std::vector<ConstView>& seeds, View gradient, std::vector<Buffer>* input_gradients,
                      std::vector<Buffer>& deltas, bool keep) const {
    const Implementation& net = *implementation_;
    require(gradient.empty() || gradient.size == net.layout.trainable_count, "backward",
            std::to_string(net.layout.trainable_count) + " gradient entries", std::to_string(gradient.size));
    Targets targets(net, lane, tape.batch_, input_gradients != nullptr, deltas);
    targets.seed(seeds, "backward");
    for (std::size_t i = net.steps.size(); i-- > 0;) {
        const Step& step = net.steps[i];
        if (!targets.live(i)) {
            deltas[i] = {};
            continue;
        }
        if (!step.layer) continue;
        if (step.sole_consumer) {
            targets.share(i, step.sources[0]);
        } else {
            Frame frame = net.frame(tape, i);
            const std::vector<View> gx = targets.of(step, frame);
            step.layer->backward(lane, frame, deltas[i].const_view(), gx, net.gradients(step, gradient));
        }
        if (!keep) deltas[i] = {};
    }
    if (input_gradients) targets.copy_inputs(*input_gradients);
}

std::vector<ConstView> Network::forward_tangent(Backend& lane, Tape& tape, ConstView direction, const std::vector<ConstView>& input_directions) const {
    const Implementation& net = *implementation_;
    require(direction.empty() || direction.size == net.layout.trainable_count, "forward_tangent",
            std::to_string(net.layout.trainable_count) + " entries of a direction", std::to_string(direction.size));
    require(input_directions.empty() || input_directions.size() == net.input_steps.size(), "forward_tangent",
            std::to_string(net.input_steps.size()) + " input directions", std::to_string(input_directions.size()));
    const auto rows = static_cast<std::size_t>(tape.batch_);
    tape.direction_ = direction;
    tape.tangents_.resize(net.steps.size());
    tape.tangent_deltas_.resize(net.steps.size());
    tape.tangent_saved_.resize(net.steps.size());
    for (std::size_t i = 0; i < net.steps.size(); ++i) {
        const Step& step = net.steps[i];
        Buffer& result = tape.tangents_[i];
        tape.tangent_saved_[i].clear();
        if (!step.layer) {
            const ConstView given = step.input < input_directions.size() ? input_directions[step.input] : ConstView{};
            require(given.empty() || (given.size == rows * step.size && step.type != DType::int32), "forward_tangent",
                    "an input direction of the input's size, none for indices", std::to_string(given.size));
            if (given.empty()) result = {};
            else lane.copy(given, ensure(lane, result, step.type, rows * step.size));
            continue;
        }
        if (step.alias) {
            result = tape.tangents_[step.sources[0]].share();
            continue;
        }
        Tangent tangent = net.tangent(step, tape.tangents_, direction);
        const auto zero = [](const auto& views) { return std::all_of(views.begin(), views.end(), [](const auto& view) { return view.empty(); }); };
        if (zero(tangent.inputs) && zero(tangent.parameters)) {
            result = {};
            continue;
        }
        tangent.output = ensure(lane, result, step.type, rows * step.size);
        tangent.saved = &tape.tangent_saved_[i];
        step.layer->forward_tangent(lane, net.frame(tape, i), tangent);
    }
    std::vector<ConstView> outputs;
    for (const std::size_t i : net.output_steps) {
        Buffer& result = tape.tangents_[i];
        if (result.empty()) lane.fill(ensure(lane, result, net.options.precision, rows * net.steps[i].size), 0);
        outputs.push_back(result.const_view());
    }
    return outputs;
}

void Network::backward_tangent(Backend& lane, Tape& tape, const std::vector<ConstView>& seed_tangents, View gradient_tangent,
                               std::vector<Buffer>* input_gradient_tangents) const {
    const Implementation& net = *implementation_;
    require(tape.tangents_.size() == net.steps.size(), "backward_tangent", "a tape after forward_tangent", "one without tangents");
    require(gradient_tangent.empty() || gradient_tangent.size == net.layout.trainable_count, "backward_tangent",
            std::to_string(net.layout.trainable_count) + " gradient entries", std::to_string(gradient_tangent.size));
    Targets targets(net, lane, tape.batch_, input_gradient_tangents != nullptr, tape.tangent_deltas_);
    targets.seed(seed_tangents, "backward_tangent");
    for (std::size_t i = net.steps.size(); i-- > 0;) {
        const Step& step = net.steps[i];
        // A delta that moves, or one that stands still over inputs or weights that move.
        if (!step.layer || (!targets.live(i) && tape.deltas_[i].empty())) continue;
        if (step.sole_consumer) {
            if (targets.live(i)) targets.share(i, step.sources[0]);
        } else {
            require(!tape.deltas_[i].empty(), "backward_tangent", "a tape after backward with the same wishes", "one without deltas");
            Tangent tangent = net.tangent(step, tape.tangents_, tape.direction_);
            tangent.saved = &tape.tangent_saved_[i];
            Frame frame = net.frame(tape, i);
            const ConstView tgy = targets.live(i) ? tape.tangent_deltas_[i].const_view() : ConstView{};
            const std::vector<View> tgx = targets.of(step, frame);
            step.layer->backward_tangent(lane, frame, tangent, tape.deltas_[i].const_view(), tgy, tgx, net.gradients(step, gradient_tangent));
        }
        if (!input_gradient_tangents) tape.tangent_deltas_[i] = {};
    }
    if (input_gradient_tangents) targets.copy_inputs(*input_gradient_tangents);
}

}  // namespace assay::engine
