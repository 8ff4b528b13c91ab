#include "formats/keras_model.hpp"

#include "formats/keras_facts.hpp"
#include "formats/keras_lambdas.hpp"
#include "formats/keras_one_weights.hpp"
#include "formats/keras_sharing.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace assay::formats::keras {
namespace {

constexpr std::size_t none = static_cast<std::size_t>(-1);

void add_facts(model::Model& model, const StoredWeights& stored) {
    model.facts.backend = stored.backend;
    model.facts.framework_version = stored.keras_version;
    model.notes.insert(model.notes.end(), stored.notes.begin(), stored.notes.end());
}

const char* regulariser_key(model::Role role) {
    switch (role) {
        case model::Role::kernel: return "kernel_regularizer";
        case model::Role::recurrent_kernel: return "recurrent_regularizer";
        case model::Role::depthwise_kernel: return "depthwise_regularizer";
        case model::Role::pointwise_kernel: return "pointwise_regularizer";
        case model::Role::embeddings: return "embeddings_regularizer";
        case model::Role::bias: return "bias_regularizer";
        case model::Role::gamma: return "gamma_regularizer";
        case model::Role::beta: return "beta_regularizer";
        case model::Role::alpha: return "alpha_regularizer";
        default: return nullptr;
    }
}

// Names the weights of a layer by their roles, or by their own names where roles repeat or are unknown.
void add_named(model::Model& model, const std::string& layer, const std::string& layer_class, std::vector<StoredTensor> tensors, bool trainable,
               std::vector<std::size_t>& indices) {
    std::map<model::Role, int> times;
    std::map<std::string, int> repeated;
    for (const StoredTensor& tensor : tensors) ++times[role_of_name(tensor.name)], ++repeated[last_component(tensor.name)];
    std::set<std::string> used;
    std::map<std::string, std::size_t> taken;   // how often a name was wanted: thousands of equal ones are not tried against each other
    for (StoredTensor& tensor : tensors) {
        const model::Role role = role_of_name(tensor.name);
        std::string name = layer + "/";
        if (role != model::Role::other && times[role] == 1) name += to_string(role);
        else name += role == model::Role::other && repeated[last_component(tensor.name)] == 1 ? last_component(tensor.name) : tensor.name.substr(0, tensor.name.rfind(':'));
        const std::string wanted = name;
        for (std::size_t& times_taken = taken[wanted]; !used.insert(name).second;)   // kernel, kernel', kernel'2, ...
            name = wanted + "'" + (++times_taken > 1 ? std::to_string(times_taken) : "");
        const bool moving = role == model::Role::moving_mean || role == model::Role::moving_variance || role == model::Role::mean ||
                            role == model::Role::variance || role == model::Role::count;
        indices.push_back(model.parameters.size());
        model.parameters.push_back({.name = name, .layer = layer, .layer_class = layer_class, .role = role, .shape = tensor.tensor.shape,
                                    .trainable = trainable && !moving, .path = tensor.path});
        model.weights.push_back(std::move(tensor.tensor));
    }
}

bool layer_trains(const Layer& layer) { return !layer.config.contains("trainable") || layer.config["trainable"] != false; }

class Assembly {
public:
    Assembly(Graph graph, StoredWeights stored, const Dialect& dialect)
        : graph_(std::move(graph)), stored_(std::move(stored)), dialect_(dialect) {}

    model::Model run() {
        add_facts(model_, stored_);
        fill_open_inputs();
        mark_integer_inputs();
        translate();
        share_out_weights();
        add_regularisers();
        connect();
        note_narrow_types();
        note_non_finite(model_);
        return std::move(model_);
    }

private:
    struct Work {
        std::optional<Translation> translation;
        std::string unsupported;               // class and setting that the engine does not have
        std::vector<std::size_t> parameters;   // indices into the model's
    };
    using Dealt = std::map<std::pair<std::size_t, std::size_t>, StoredTensor>;   // by (layer, weight), which is the model's order

    // A Sequential model of Keras 2.2.0 to 2.2.4 may have lost the shape of its input; the first weights still tell it.
    void fill_open_inputs() {
        for (Layer& input : graph_.layers) {
            if (input.class_name != "InputLayer") continue;
            if (input.config.contains("batch_shape") || input.config.contains("batch_input_shape")) continue;
            const auto consumer = std::find_if(graph_.layers.begin(), graph_.layers.end(), [&](const Layer& layer) {
                return !layer.calls.empty() && !layer.calls[0].empty() && layer.calls[0][0].layer == input.name;
            });
            const auto first = std::find_if(stored_.layers.begin(), stored_.layers.end(), [](const StoredLayer& layer) { return !layer.tensors.empty(); });
            if (consumer == graph_.layers.end() || first == stored_.layers.end()) continue;
            const Shape& kernel = first->tensors[0].tensor.shape;
            if (consumer->class_name == "Dense" && kernel.size() == 2) input.config["batch_shape"] = Json::array({nullptr, kernel[0]});
            if ((consumer->class_name == "Conv2D" || consumer->class_name == "SeparableConv2D" || consumer->class_name == "DepthwiseConv2D") && kernel.size() == 4 && !channels_first(*consumer, dialect_))
                input.config["batch_shape"] = Json::array({nullptr, nullptr, nullptr, kernel[2]});
            if (consumer->class_name == "Conv1D" && kernel.size() == 3 && !channels_first(*consumer, dialect_))
                input.config["batch_shape"] = Json::array({nullptr, nullptr, kernel[1]});
            if (input.config.contains("batch_shape")) model_.notes.push_back("the file does not say the shape of its input; it follows from the first weights");
        }
    }

    // Keras declares float32 for an input that an Embedding then casts; what the network reads are integers.
    void mark_integer_inputs() {
        for (Layer& input : graph_.layers) {
            if (input.class_name != "InputLayer") continue;
            std::size_t consumers = 0, embeddings = 0;
            for (const Layer& layer : graph_.layers)
                for (const auto& call : layer.calls)
                    for (const TensorReference& reference : call)
                        if (reference.layer == input.name) {
                            ++consumers;
                            embeddings += layer.class_name == "Embedding";
                        }
            if (consumers > 0 && consumers == embeddings) input.config["dtype"] = "int32";
        }
    }

    void translate() {
        work_.resize(graph_.layers.size());
        for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
            const Layer& layer = graph_.layers[i];
            const Translator translator = translator_of(layer.class_name);
            if (!translator) {
                work_[i].unsupported = layer.class_name;
                continue;
            }
            try {
                refuse_other_kernels(layer, !stored_.one_a_layer);
                work_[i].translation = translator(layer, dialect_);
            } catch (const Unsupported& setting) {
                work_[i].unsupported = setting.what;
            }
        }
    }

    // Layers of one nested model share one group of the file; every other layer is a unit of its own.
    std::size_t end_of_unit(std::size_t first) const {
        std::size_t end = first + 1;
        if (!graph_.layers[first].model.empty())
            while (end < graph_.layers.size() && graph_.layers[end].model == graph_.layers[first].model) ++end;
        return end;
    }

    // Each layer of the graph has its own stored one, nested or not.
    void share_out_by_layer() {
        for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
            StoredLayer& stored = stored_.layers[i];
            const std::string& name = graph_.layers[i].name;
            if (!work_[i].translation) {
                take_unknown(i, i + 1, name, graph_.layers[i].class_name, stored);
                continue;
            }
            renew_arrays(graph_.layers[i], stored_, dialect_, stored.tensors);
            const std::size_t expected = work_[i].translation->weights.size();
            if (const Layer* other = expected > 0 && stored.tensors.empty() ? namesake_of(graph_, graph_.layers[i]) : nullptr)
                throw Error(ErrorKind::format, {"layer " + name, std::to_string(expected) + " weights", "none in the file, which has those of layer " + other->name + ", the same by name and settings",
                                                "A layer that several models share is stored once, and nothing here says that these two are one. Save the model as HDF5: model.save(\"model.h5\")."});
            if (expected > 0 && stored.tensors.empty() && is_marked_shared(graph_.layers[i]))
                throw Error(ErrorKind::format, {"layer " + name, std::to_string(expected) + " weights", "none in the file, whose config marks the layer as one that stands at several places",
                                                "Such a layer is stored once, here at a place that Assay does not look it up at. Save the model as HDF5: model.save(\"model.h5\")."});
            if (stored.tensors.size() != expected)
                throw Error(ErrorKind::format, {"layer " + name, std::to_string(expected) + " weights", std::to_string(stored.tensors.size()) + " in the file",
                                                "The weights do not belong to this architecture."});
            take_by_group(i, stored);
        }
        for (std::size_t i = graph_.layers.size(); i < stored_.layers.size(); ++i) {   // of layers whose classes are unknown
            std::vector<std::size_t> indices;
            add_named(model_, stored_.layers[i].name, "", std::move(stored_.layers[i].tensors), true, indices);
        }
    }

    // The file's groups say which part of a layer an array is of: neither the order of groups nor what is frozen matters.
    void take_by_group(std::size_t i, StoredLayer& stored) {
        const std::vector<WeightSpec>& specs = work_[i].translation->weights;
        const bool composite = std::any_of(specs.begin(), specs.end(), [&](const WeightSpec& spec) { return spec.group != specs.front().group; });
        std::map<std::string, std::vector<StoredTensor*>> groups;
        for (StoredTensor& tensor : stored.tensors) groups[composite ? tensor.group : ""].push_back(&tensor);
        std::map<std::string, std::size_t> expected;
        for (const WeightSpec& spec : specs) ++expected[composite ? spec.group : ""];
        for (const auto& [group, count] : expected)
            if (groups[group].size() != count)
                throw Error(ErrorKind::format, {"layer " + graph_.layers[i].name + " group " + group, std::to_string(count) + " weights", std::to_string(groups[group].size()) + " in the file",
                                                "The weights do not belong to this architecture."});
        Dealt mine;
        std::map<std::string, std::size_t> next;
        for (std::size_t k = 0; k < specs.size(); ++k) {
            const std::string group = composite ? specs[k].group : "";
            mine[{i, k}] = std::move(*groups[group][next[group]++]);
        }
        keep(std::move(mine));
    }

    void share_out_weights() {
        if (stored_.one_a_layer) return share_out_by_layer();
        std::vector<StoredLayer*> full;   // layers without weights are dropped on both sides, then i-th meets i-th
        for (StoredLayer& layer : stored_.layers)
            if (!layer.tensors.empty()) full.push_back(&layer);
        std::size_t next = 0;
        for (std::size_t first = 0; first < graph_.layers.size(); first = end_of_unit(first)) {
            const std::size_t end = end_of_unit(first);
            const std::string name = graph_.layers[first].model.empty() ? graph_.layers[first].name : graph_.layers[first].model;
            std::size_t expected = 0;
            bool known = true;
            for (std::size_t i = first; i < end; ++i) {
                known = known && work_[i].translation.has_value();
                if (work_[i].translation) expected += work_[i].translation->weights.size();
            }
            if (!known) {   // how many weights it has is not known: its name decides
                const std::string& class_name = graph_.layers[first].class_name;
                if (next < full.size() && full[next]->name == name)
                    take_unknown(first, end, name, graph_.layers[first].model.empty() ? class_name : "Model", *full[next++]);
                continue;
            }
            if (expected == 0) continue;
            if (next == full.size())
                throw Error(ErrorKind::format, {"layer " + name, std::to_string(expected) + " weights", "none left in the file", "The weights do not belong to this architecture."});
            StoredLayer& stored = *full[next++];
            if (end == first + 1) renew_arrays(graph_.layers[first], stored_, dialect_, stored.tensors);
            if (stored.tensors.size() != expected)
                throw Error(ErrorKind::format, {"layer " + name, std::to_string(expected) + " weights", std::to_string(stored.tensors.size()) + " in the file's layer " + stored.name,
                                                "The weights do not belong to this architecture."});
            take_known(first, end, stored);
        }
        if (next != full.size())
            throw Error(ErrorKind::format, {"layer " + full[next]->name, "a layer of the config for its weights", "none", "The weights do not belong to this architecture."});
    }

    void take_unknown(std::size_t first, std::size_t end, const std::string& name, const std::string& class_name, StoredLayer& stored) {
        std::vector<std::size_t> indices;
        add_named(model_, name, class_name, std::move(stored.tensors), layer_trains(graph_.layers[first]), indices);
        for (std::size_t i = first; i < end; ++i) {
            if (!work_[i].translation || !work_[i].translation->weights.empty()) work_[i].parameters = indices;
            if (work_[i].translation && !work_[i].translation->weights.empty()) {   // its share of the group cannot be told apart
                work_[i].unsupported = graph_.layers[i].class_name + "(beside a layer that is not supported)";
                work_[i].translation.reset();
            }
        }
    }

    // All trainable weights come first, then the others: for one layer that is its own order, for a nested model it is not.
    void take_known(std::size_t first, std::size_t end, StoredLayer& stored) {
        std::size_t position = 0;
        Dealt mine;
        std::vector<bool> taken(stored.tensors.size(), false);
        const std::map<std::string, std::vector<std::size_t>> endings = endings_of(first, end, stored);
        for (std::size_t i = first; i < end; ++i) take_named(i, end == first + 1, stored, endings, taken, mine);
        for (const bool trainable : {true, false})
            for (std::size_t i = first; i < end; ++i) {
                const auto& specs = work_[i].translation->weights;
                for (std::size_t k = 0; k < specs.size(); ++k) {
                    if ((specs[k].trainable && layer_trains(graph_.layers[i])) != trainable || mine.contains({i, k})) continue;
                    while (taken[position]) ++position;
                    check_part(i, k, stored.tensors[position]);
                    mine[{i, k}] = std::move(stored.tensors[position++]);
                }
            }
        keep(std::move(mine));
    }

    // Where names end so: "query/kernel", "m/query/kernel", "model/m/query/kernel". Nothing where no weight goes by its name.
    std::map<std::string, std::vector<std::size_t>> endings_of(std::size_t first, std::size_t end, const StoredLayer& stored) const {
        std::map<std::string, std::vector<std::size_t>> endings;
        bool any = false;
        for (std::size_t i = first; i < end; ++i)
            for (const WeightSpec& spec : work_[i].translation->weights) any = any || spec.named;
        for (std::size_t place = 0; any && place < stored.tensors.size(); ++place) {
            const std::string name = stored.tensors[place].name.substr(0, stored.tensors[place].name.rfind(':'));
            std::size_t cut = name.rfind('/');
            for (int parts = 2; parts <= 4 && cut != std::string::npos; ++parts) {
                cut = cut == 0 ? std::string::npos : name.rfind('/', cut - 1);
                endings[name.substr(cut == std::string::npos ? 0 : cut + 1)].push_back(place);
            }
        }
        return endings;
    }

    // Weights whose names in the file tell the part, where every one of the layer's such weights has its own.
    void take_named(std::size_t i, bool alone, StoredLayer& stored, const std::map<std::string, std::vector<std::size_t>>& endings, std::vector<bool>& taken, Dealt& mine) {
        const std::vector<WeightSpec>& specs = work_[i].translation->weights;
        const std::string own = alone ? "" : graph_.layers[i].name.substr(graph_.layers[i].name.rfind('/') + 1) + "/";
        std::map<std::size_t, std::size_t> found;   // weight, place in the file
        std::set<std::size_t> places;
        for (std::size_t k = 0; k < specs.size(); ++k) {
            if (!specs[k].named) continue;
            const auto places_of = endings.find(own + specs[k].part + "/" + std::string(to_string(specs[k].role)));
            if (places_of == endings.end() || places_of->second.size() != 1 || taken[places_of->second[0]] || !places.insert(places_of->second[0]).second) return;
            found[k] = places_of->second[0];
        }
        for (const auto& [k, place] : found) {
            taken[place] = true;
            mine[{i, k}] = std::move(stored.tensors[place]);
        }
    }

    // An array that comes by its position and says that it is another part.
    void check_part(std::size_t i, std::size_t k, const StoredTensor& tensor) const {
        const std::vector<WeightSpec>& specs = work_[i].translation->weights;
        const std::size_t last = tensor.name.rfind('/');
        if (!specs[k].named || last == std::string::npos) return;
        const auto part_of = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
        const std::string says = part_of(tensor.name.substr(0, last)), wanted = part_of(specs[k].part);
        const bool is_part = std::any_of(specs.begin(), specs.end(), [&](const WeightSpec& spec) { return spec.named && part_of(spec.part) == says; });
        if (is_part && says != wanted)
            throw Error(ErrorKind::format, {"layer " + graph_.layers[i].name + " weight " + tensor.name, "an array of its part " + wanted, "one of its part " + says,
                                            "Parts of it may be frozen, which changes their order in this layout. Save the model as .keras."});
    }

    void keep(Dealt mine) {
        for (auto& [place, tensor] : mine) {
            const Layer& layer = graph_.layers[place.first];
            const WeightSpec& spec = work_[place.first].translation->weights[place.second];
            if (spec.convolution) make_kernel_canonical(tensor.tensor, stored_, layer, dialect_);
            if (!spec.open) check_shape(tensor, spec.shape, layer.name);
            if (spec.convert) spec.convert(tensor.tensor);
            if (!spec.config.is_null()) regulariser_config_[model_.parameters.size()] = spec.config;
            work_[place.first].parameters.push_back(model_.parameters.size());
            const std::string part = spec.part.empty() ? "" : spec.part + "/";
            model_.parameters.push_back({.name = layer.name + "/" + part + std::string(to_string(spec.role)), .layer = layer.name, .layer_class = layer.class_name,
                                         .role = spec.role, .shape = tensor.tensor.shape, .trainable = spec.trainable && layer_trains(layer), .path = tensor.path});
            model_.weights.push_back(std::move(tensor.tensor));
            if (spec.convolution && stored_.theano && !noted_flip_) {
                model_.notes.push_back("convolution kernels come from Theano and were flipped");
                noted_flip_ = true;
            }
        }
    }

    void add_regularisers() {
        for (std::size_t i = 0; i < graph_.layers.size(); ++i) {
            const Json& config = graph_.layers[i].config;
            if (!config.is_object()) continue;
            for (const std::size_t parameter : work_[i].parameters) {
                const char* key = regulariser_key(model_.parameters[parameter].role);
                const auto other = regulariser_config_.find(parameter);
                const Json& holder = other == regulariser_config_.end() ? config : other->second;
                if (!key || !holder.contains(key)) continue;
                const auto amounts = read_regulariser(holder[key]);
                if (!amounts) model_.notes.push_back("layer " + graph_.layers[i].name + ": a regulariser of an unknown class is ignored");
                else if (amounts->first != 0 || amounts->second != 0) model_.facts.regularisers.push_back({parameter, amounts->first, amounts->second});
            }
            if (config.contains("activity_regularizer") && !config["activity_regularizer"].is_null())
                model_.notes.push_back("layer " + graph_.layers[i].name + ": its activity regulariser is ignored");
        }
    }

    void note_narrow_types() {
        std::map<std::string, std::pair<std::size_t, std::string>> types;   // how many layers, the first
        for (const Layer& layer : graph_.layers) {
            const std::string type = layer.class_name == "InputLayer" ? "" : narrow_type_of(layer);
            if (!type.empty() && types[type].first++ == 0) types[type].second = layer.name;
        }
        for (const auto& [type, layers] : types)
            model_.notes.push_back("Keras computes in " + type + " (" + std::to_string(layers.first) + " of " + std::to_string(graph_.layers.size()) + " layers, first " + layers.second +
                                   "); Assay computes in float32 or float64, so outputs differ by the rounding of that type");
    }

    // Calls in an order in which every input exists; what is left over hangs on a cycle or on nothing.
    void connect() {
        std::map<std::string, std::size_t, std::less<>> index;
        for (std::size_t i = 0; i < graph_.layers.size(); ++i) index[graph_.layers[i].name] = i;
        const auto find = [&](const TensorReference& reference, const std::string& from) {
            const auto found = index.find(reference.layer);
            if (found == index.end()) throw Error(ErrorKind::format, {from, "an input from a layer of the model", reference.layer + ", which it does not have"});
            if (reference.node >= graph_.layers[found->second].calls.size())
                throw Error(ErrorKind::format, {from, "call " + std::to_string(reference.node) + " of layer " + reference.layer, std::to_string(graph_.layers[found->second].calls.size()) + " calls"});
            return std::pair{found->second, reference.node};
        };
        using Place = std::pair<std::size_t, std::size_t>;
        std::map<Place, std::vector<Place>> waiting;
        std::map<Place, std::size_t> missing;
        std::vector<Place> ready;
        for (std::size_t i = 0; i < graph_.layers.size(); ++i)
            for (std::size_t call = 0; call < graph_.layers[i].calls.size(); ++call) {
                std::set<Place> sources;
                for (const TensorReference& input : graph_.layers[i].calls[call]) sources.insert(find(input, "layer " + graph_.layers[i].name));
                for (const Place& source : sources) waiting[source].push_back({i, call});
                if (sources.empty()) ready.push_back({i, call});
                else missing[{i, call}] = sources.size();
            }
        model_.architecture.emplace();
        std::map<Place, Value> values;
        for (std::size_t done = 0; done < ready.size(); ++done) {
            const Place place = ready[done];
            std::vector<Value> inputs;
            for (const TensorReference& input : graph_.layers[place.first].calls[place.second]) {
                const Place source = find(input, "");
                if (input.tensor > 0 && work_[source.first].translation)
                    throw Error(ErrorKind::format, {"layer " + graph_.layers[place.first].name, "output 0 of layer " + input.layer, "output " + std::to_string(input.tensor)});
                inputs.push_back(values.at(source));
                inputs.back().keyword = input.keyword;
            }
            values[place] = add_call(place.first, place.second, std::move(inputs));
            for (const Place& next : waiting[place])
                if (--missing[next] == 0) {
                    missing.erase(next);
                    ready.push_back(next);
                }
        }
        if (!missing.empty())
            throw Error(ErrorKind::format, {"layer " + graph_.layers[missing.begin()->first.first].name, "a graph without cycles", "an input that waits for itself"});
        for (const TensorReference& input : graph_.inputs) model_.architecture->inputs.push_back(values.at(find(input, "inputs")).vertex);
        if (graph_.inputs.empty())
            for (const auto& [place, value] : values)
                if (graph_.layers[place.first].class_name == "InputLayer") model_.architecture->inputs.push_back(value.vertex);
        const Layer nobody;
        for (const TensorReference& output : graph_.outputs) {
            Call call(*model_.architecture, nobody, "", {values.at(find(output, "outputs"))}, {});
            model_.architecture->outputs.push_back(call.as_keras().vertex);
        }
    }

    Value add_call(std::size_t i, std::size_t number, std::vector<Value> inputs) {
        const Layer& layer = graph_.layers[i];
        Work& work = work_[i];
        const std::string suffix = number == 0 ? "" : "#" + std::to_string(number + 1);
        if (work.translation) {
            try {
                Call call(*model_.architecture, layer, suffix, inputs, work.parameters, model_.parameters,
                          number < layer.keywords.size() ? layer.keywords[number] : Json());
                return work.translation->add_nodes(call);
            } catch (const Unsupported& setting) {
                work.unsupported = setting.what;
            }
        }
        Call call(*model_.architecture, layer, suffix, inputs, work.parameters);
        std::vector<Value> sources;
        for (std::size_t k = 0; k < inputs.size(); ++k) sources.push_back(call.as_keras(k));
        Value value = call.add("unsupported", Json::object(), sources, -1, true);
        value.channels_last = false;
        model_.architecture->graph[value.vertex].layer_class = work.unsupported;
        if (number == 0) model_.notes.push_back("layer " + layer.name + " of class " + work.unsupported + " is not supported");
        return value;
    }

    Graph graph_;
    StoredWeights stored_;
    Dialect dialect_;
    std::vector<Work> work_;
    std::map<std::size_t, Json> regulariser_config_;   // of parameters whose layer does not hold their regulariser itself
    model::Model model_;
    bool noted_flip_ = false;
};

}  // namespace

void note_non_finite(model::Model& model) {
    std::size_t count = 0;
    std::string first;
    for (std::size_t i = 0; i < model.weights.size(); ++i) {
        const std::size_t here = std::visit([](const auto& values) {
            return static_cast<std::size_t>(std::count_if(values.begin(), values.end(), [](auto value) { return !std::isfinite(value); }));
        }, model.weights[i].values);
        if (here > 0 && count == 0) first = model.parameters[i].name;
        count += here;
    }
    if (count > 0) model.notes.push_back(std::to_string(count) + " weights are NaN or infinite, the first in " + first);
}

model::Model assemble(Graph graph, StoredWeights stored, const Dialect& dialect, const std::map<std::string, std::string>& lambdas) {
    std::vector<std::string> notes = replace_lambdas(graph, lambdas);
    model::Model model = Assembly(std::move(graph), std::move(stored), dialect).run();
    model.notes.insert(model.notes.end(), notes.begin(), notes.end());
    return model;
}

model::Model assemble_weights(StoredWeights stored) {
    model::Model model;
    add_facts(model, stored);
    for (StoredLayer& layer : stored.layers) {
        std::vector<std::size_t> indices;
        add_named(model, layer.name, "", std::move(layer.tensors), true, indices);
    }
    if (stored.theano) model.notes.push_back("kernels come from Theano; without an architecture they are left as stored");
    note_non_finite(model);
    return model;
}

}  // namespace assay::formats::keras
