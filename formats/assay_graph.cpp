// Assay's own layout: a graph of the engine's kinds as JSON, arrays in canonical layouts, facts. formats/README.md specifies it;
// packaging/python/assay_export.py writes it.

#include "formats/assay_graph.hpp"

#include "formats/candidate.hpp"
#include "formats/engine_kinds.hpp"
#include "formats/format.hpp"
#include "formats/keras_facts.hpp"
#include "formats/keras_model.hpp"
#include "libanalysis/core/error.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace assay::formats {

namespace {

using model::Role;

constexpr const char* layout_name = "assay-graph";
constexpr std::int64_t newest_version = 1;
constexpr std::size_t most_items = 200'000;    // nodes, or parameters
constexpr std::size_t most_inputs = 10'000;    // of one node
constexpr std::size_t longest_name = 1000;
constexpr std::size_t highest_rank = 32;
constexpr std::size_t longest_graph = std::size_t{256} << 20;

Error bad(const std::string& where, const std::string& expected, const std::string& found) { return Error(ErrorKind::format, {where, expected, found}); }

std::string shown(const Json& json) {
    std::string text = json.dump(-1, ' ', false, Json::error_handler_t::replace);
    if (text.size() > 80) text = text.substr(0, 77) + "...";
    return text;
}

const Json& member(const Json& json, const char* key, const std::string& where) {
    const auto found = json.find(key);
    if (found == json.end()) throw bad(where, std::string("\"") + key + "\"", "none");
    return *found;
}

const Json& list(const Json& json, const char* key, const std::string& where, std::size_t most) {
    const Json& found = member(json, key, where);
    if (!found.is_array() || found.size() > most)
        throw bad(where + " " + key, "a list of at most " + std::to_string(most), found.is_array() ? std::to_string(found.size()) : shown(found));
    return found;
}

std::string name_in(const Json& json, const std::string& where) {
    if (!json.is_string() || json.get_ref<const std::string&>().empty() || json.get_ref<const std::string&>().size() > longest_name)
        throw bad(where, "a name of at most " + std::to_string(longest_name) + " bytes", shown(json));
    return json.get<std::string>();
}

/// A word that may be absent.
std::string word(const Json& json, const char* key, const std::string& where) {
    const auto found = json.find(key);
    if (found == json.end() || found->is_null()) return "";
    if (!found->is_string() || found->get_ref<const std::string&>().size() > longest_name) throw bad(where + " " + key, "a word", shown(*found));
    return found->get<std::string>();
}

Role role_in(const std::string& text, const std::string& where) {
    for (const Role role : {Role::kernel, Role::recurrent_kernel, Role::depthwise_kernel, Role::pointwise_kernel, Role::embeddings, Role::bias, Role::gamma, Role::beta, Role::moving_mean,
                            Role::moving_variance, Role::other})
        if (text == to_string(role)) return role;
    throw bad(where + " role", "kernel, recurrent_kernel, depthwise_kernel, pointwise_kernel, embeddings, bias, gamma, beta, moving_mean, moving_variance or other", text);
}

Shape shape_in(const Json& json, const std::string& where) {
    bool good = json.is_array() && json.size() <= highest_rank;
    Shape shape;
    double count = 1;
    if (good)
        for (const Json& extent : json) {
            good = good && extent.is_number_integer() && extent >= 0 && extent <= std::int64_t{1} << 40;
            if (good) shape.push_back(extent.get<std::int64_t>());
            if (good) count *= static_cast<double>(shape.back());
        }
    if (!good || count > 1e13) throw bad(where + " shape", "extents of at least 0", shown(json));
    return shape;
}

bool is_engine_kind(std::string_view kind) {
    return kind == "input" || kind == "unsupported" || std::find(std::begin(engine_kinds), std::end(engine_kinds), kind) != std::end(engine_kinds);
}

/// Builds the model from the file's JSON and arrays.
class Reader {
public:
    explicit Reader(const hdf5::File& file) : file_(file), where_(file.path().string()), json_(read_json(file)) {}

    model::Model run() {
        model_.path = where_;
        model_.format = layout_name;
        const Json& version = member(json_, "version", where_ + " graph");
        if (!version.is_number_integer() || version < 1) throw bad(where_ + " graph version", "a whole number from 1 on", shown(version));
        if (version > newest_version)
            throw Error(ErrorKind::unsupported, {where_, "version " + std::to_string(newest_version) + " of the layout " + layout_name, "version " + shown(version),
                                                 "Export the model again, or use a newer Assay."});
        read_parameters();
        read_nodes();
        read_ends();
        read_facts();
        read_preprocessing();
        keras::note_non_finite(model_);
        return std::move(model_);
    }

private:
    static Json read_json(const hdf5::File& file) {
        const std::string where = file.path().string() + " graph";
        if (!file.has_dataset("graph")) throw bad(where, "a data set of bytes", "none");
        const hdf5::Dataset dataset = file.dataset("graph");
        if (dataset.type_name() != "uint8" || dataset.shape().size() != 1 || dataset.shape()[0] > static_cast<std::int64_t>(longest_graph))
            throw bad(where, "one axis of uint8, at most 256 MiB", dataset.type_name() + " of shape " + to_string(dataset.shape()));
        const std::vector<std::uint8_t> bytes = dataset.read<std::uint8_t>();
        Json json = parse_json(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()), where);
        if (!json.is_object()) throw bad(where, "an object", shown(json));
        return json;
    }

    void read_parameters() {
        std::uint64_t budget = keras::weight_budget(file_);
        for (const Json& json : list(json_, "parameters", where_ + " graph", most_items)) {
            const std::string number = where_ + " parameter " + std::to_string(model_.parameters.size());
            if (!json.is_object()) throw bad(number, "an object", shown(json));
            const std::string name = name_in(member(json, "name", number), number + " name"), where = where_ + " parameter " + name;
            if (!parameter_of_.emplace(name, model_.parameters.size()).second) throw bad(where, "parameters of different names", "two of this name");
            const Json& trainable = member(json, "trainable", where);
            if (!trainable.is_boolean()) throw bad(where + " trainable", "true or false", shown(trainable));
            model::Parameter parameter{.name = name, .layer = word(json, "layer", where), .layer_class = word(json, "class", where),
                                       .role = role_in(word(json, "role", where), where), .shape = shape_in(member(json, "shape", where), where),
                                       .trainable = trainable.get<bool>(), .path = "/parameters/" + name};
            if (!file_.has_dataset("parameters/" + name)) throw bad(where, "the data set " + parameter.path, "none");
            model::Tensor tensor = keras::read_tensor(file_.dataset("parameters/" + name), budget);
            if (tensor.shape != parameter.shape) throw bad(where_ + " " + parameter.path, "shape " + to_string(parameter.shape), "shape " + to_string(tensor.shape));
            model_.parameters.push_back(std::move(parameter));
            model_.weights.push_back(std::move(tensor));
        }
    }

    void read_nodes() {
        model_.architecture.emplace();
        std::set<std::string> unknown;
        for (const Json& json : list(json_, "nodes", where_ + " graph", most_items)) {
            const std::string number = where_ + " node " + std::to_string(node_of_.size());
            if (!json.is_object()) throw bad(number, "an object", shown(json));
            const std::string name = name_in(member(json, "name", number), number + " name"), where = where_ + " node " + name;
            model::Node node{.name = name, .kind = name_in(member(json, "kind", where), where + " kind"), .layer = word(json, "layer", where),
                             .layer_class = word(json, "class", where), .parameters = {}};
            if (node.layer.empty()) node.layer = name;
            const Json& attributes = member(json, "attributes", where);
            if (!attributes.is_object()) throw bad(where + " attributes", "an object", shown(attributes));
            node.attributes = attributes;
            for (const Json& parameter : list(json, "parameters", where, most_inputs)) node.parameters.push_back(known(parameter_of_, parameter, where, "a parameter"));
            std::vector<std::size_t> inputs;   // what stands before is known: so there are no cycles
            for (const Json& input : list(json, "inputs", where, most_inputs)) inputs.push_back(known(node_of_, input, where, "the input, a node above it,"));
            if (node.kind == "input" && !inputs.empty()) throw bad(where, "an input of the model without inputs of its own", std::to_string(inputs.size()));
            if (!is_engine_kind(node.kind)) {
                unknown.insert(node.kind);
                if (node.layer_class.empty() || node.layer_class == node.kind) node.layer_class = node.kind;
                else node.layer_class += "(" + node.kind + ")";
                node.kind = "unsupported";
            }
            if (!node_of_.emplace(name, model_.architecture->add(std::move(node), inputs)).second) throw bad(where, "nodes of different names", "two of this name");
        }
        for (const std::string& kind : unknown) model_.notes.push_back("layers of kind " + kind + " are not supported");
    }

    static std::size_t known(const std::map<std::string, std::size_t, std::less<>>& all, const Json& name, const std::string& where, const std::string& what) {
        const auto found = name.is_string() ? all.find(name.get_ref<const std::string&>()) : all.end();
        if (found == all.end()) throw bad(where, what + " that the file has", shown(name));
        return found->second;
    }

    void read_ends() {
        auto& architecture = *model_.architecture;
        for (const auto& [key, ends] : {std::pair{"inputs", &architecture.inputs}, {"outputs", &architecture.outputs}}) {
            for (const Json& name : list(json_, key, where_ + " graph", most_inputs)) ends->push_back(known(node_of_, name, where_ + " " + key, "a node"));
            if (ends->empty()) throw bad(where_ + " " + key, "at least one", "none");
        }
        std::set<std::size_t> listed(architecture.inputs.begin(), architecture.inputs.end());
        if (listed.size() != architecture.inputs.size()) throw bad(where_ + " inputs", "each one once", "one twice");
        for (std::size_t vertex = 0; vertex < boost::num_vertices(architecture.graph); ++vertex)
            if ((architecture.graph[vertex].kind == "input") != listed.contains(vertex))
                throw bad(where_ + " inputs", "all nodes of kind input, and no other", architecture.graph[vertex].name);
    }

    void read_facts() {
        const auto found = json_.find("training");
        if (found == json_.end() || found->is_null()) return;
        const std::string where = where_ + " training";
        if (!found->is_object()) throw bad(where, "an object", shown(*found));
        const Json& training = *found;
        keras::read_training_config(training, model_.facts);
        model_.facts.backend = word(training, "framework", where);
        model_.facts.framework_version = word(training, "framework_version", where);
        if (training.contains("from_logits")) {
            if (!training["from_logits"].is_boolean()) throw bad(where + " from_logits", "true or false", shown(training["from_logits"]));
            model_.facts.from_logits = training["from_logits"].get<bool>();
        }
        if (!training.contains("regularisers")) return;
        for (const Json& term : list(training, "regularisers", where, most_items)) {
            if (!term.is_object()) throw bad(where + " regularisers", "objects", shown(term));
            model::Regulariser regulariser{.parameter = known(parameter_of_, member(term, "parameter", where), where + " regularisers", "a parameter")};
            for (const auto& [key, amount] : {std::pair{"l1", &regulariser.l1}, {"l2", &regulariser.l2}}) {
                if (!term.contains(key)) continue;
                if (!term[key].is_number() || !(term[key].get<double>() >= 0)) throw bad(where + " regularisers", std::string(key) + " of at least 0", shown(term[key]));
                *amount = term[key].get<double>();
            }
            model_.facts.regularisers.push_back(regulariser);
        }
    }

    // A setting that is not understood would change every number.
    void read_preprocessing() {
        const auto found = json_.find("preprocessing");
        if (found == json_.end() || found->is_null()) return;
        const std::string where = where_ + " preprocessing";
        if (!found->is_object()) throw bad(where, "an object", shown(*found));
        for (const auto& [key, value] : found->items()) {
            const bool one = key == "scale" || key == "offset", several = key == "mean" || key == "deviation";
            if (!one && !several) throw bad(where, "scale, offset, mean, deviation", key.substr(0, longest_name));
            bool good = one ? value.is_number() : value.is_array() && !value.empty() && value.size() <= most_items;
            if (several && good)
                for (const Json& entry : value) good = good && entry.is_number() && (key == "mean" || entry.get<double>() > 0);
            if (!good) throw bad(where + " " + key, one ? "a number" : key == "mean" ? "numbers, one a channel" : "positive numbers, one a channel", shown(value));
        }
        model_.preprocessing = *found;
    }

    const hdf5::File& file_;
    std::string where_;
    Json json_;
    model::Model model_;
    std::map<std::string, std::size_t, std::less<>> parameter_of_, node_of_;
};

bool probe(Candidate& candidate) { return is_hdf5_with(candidate, graph::is_assay_graph); }

model::Model load(Candidate& candidate, const LoadOptions&) { return Reader(candidate.hdf5()).run(); }

}  // namespace

namespace graph {

bool is_assay_graph(const hdf5::File& file) { return file.has_attribute("assay_format") && file.text("assay_format") == layout_name; }

model::Weights weights_for(const model::Model& like, const hdf5::File& file) {
    const std::filesystem::path& path = file.path();
    model::Model other = Reader(file).run();
    std::map<std::string_view, std::size_t> index;
    for (std::size_t i = 0; i < other.parameters.size(); ++i) index.emplace(other.parameters[i].name, i);
    if (other.parameters.size() != like.parameters.size())
        throw Error(ErrorKind::format, {path.string(), std::to_string(like.parameters.size()) + " weights, as in " + like.path, std::to_string(other.parameters.size()),
                                        "The two files are of different architectures."});
    model::Weights weights;
    for (const model::Parameter& parameter : like.parameters) {
        const auto found = index.find(parameter.name);
        if (found == index.end()) throw Error(ErrorKind::format, {path.string(), "the parameter " + parameter.name, "none", "The two files are of different architectures."});
        model::Tensor& tensor = other.weights[found->second];
        if (tensor.shape != parameter.shape)
            throw Error(ErrorKind::format, {path.string() + " parameter " + parameter.name, "shape " + to_string(parameter.shape), "shape " + to_string(tensor.shape),
                                            "The two files are of different architectures."});
        weights.push_back(std::move(tensor));
    }
    return weights;
}

}  // namespace graph

extern const Format assay_graph;
const Format assay_graph{"assay-graph", "Assay's own layout, written by assay-export from PyTorch", probe, load};

}  // namespace assay::formats
