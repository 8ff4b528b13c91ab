#include "tools/tasks/open_model.hpp"

#include "formats/format.hpp"
#include "libanalysis/core/error.hpp"

#include <boost/range/iterator_range.hpp>

#include <set>

namespace assay::tools {

std::string text_argument(const Json& arguments, const char* key) {
    return arguments.contains(key) && arguments[key].is_string() ? arguments[key].get<std::string>() : "";
}

std::shared_ptr<const model::Model> open_model(const Json& arguments) {
    const std::string path = text_argument(arguments, "path");
    formats::LoadOptions options{.architecture = text_argument(arguments, "architecture"), .lambdas = {}};
    if (arguments.contains("lambdas") && arguments["lambdas"].is_object())
        for (const auto& [name, function] : arguments["lambdas"].items()) options.lambdas[name] = function.get<std::string>();
    std::optional<model::Model> model = formats::load_checkpoint(path, options);
    return model ? std::make_shared<const model::Model>(*std::move(model)) : nullptr;
}

namespace {

// "28 x 28 x 1"; "?" for an extent that the file leaves open.
std::string shape_of_input(const model::Node& input) {
    std::string words;
    for (const Json& extent : input.attributes.value("shape", Json::array()))
        words += (words.empty() ? "" : " x ") + (extent.is_number_integer() && extent >= 0 ? extent.dump() : "?");
    return words;
}

// The width of what an output's last layer with weights gives; "?" where the way there forks.
std::string width_of(const model::Model& model, std::size_t vertex) {
    const model::Architecture& architecture = *model.architecture;
    while (architecture.graph[vertex].parameters.empty()) {
        const std::vector<std::size_t> above = architecture.inputs_of(vertex);
        if (above.size() != 1) return "?";
        vertex = above.front();
    }
    const Shape& shape = model.parameters.at(architecture.graph[vertex].parameters.front()).shape;
    return shape.empty() ? "?" : std::to_string(shape.back());
}

// What kind of network it is, for who compares it with others: shapes of inputs, widths of outputs, kinds of layers.
Json structure_of(const model::Model& model) {
    const model::Architecture& architecture = *model.architecture;
    std::string inputs, outputs;
    for (const std::size_t vertex : architecture.inputs) inputs += (inputs.empty() ? "" : ", ") + shape_of_input(architecture.graph[vertex]);
    for (const std::size_t vertex : architecture.outputs) outputs += (outputs.empty() ? "" : ", ") + width_of(model, vertex);
    std::set<std::string> kinds;
    for (const std::size_t vertex : boost::make_iterator_range(vertices(architecture.graph)))
        if (const std::string& kind = architecture.graph[vertex].kind; kind != "input" && kind != "dropout") kinds.insert(kind);
    return {{"inputs", inputs}, {"outputs", outputs}, {"layers", kinds}};
}

}  // namespace

Json facts_of(const model::Model& model) {
    Json facts = Json::object();
    facts["format"] = model.format;
    std::int64_t count = 0, trainable = 0;
    for (const model::Parameter& parameter : model.parameters) {
        count += element_count(parameter.shape);
        if (parameter.trainable) trainable += element_count(parameter.shape);
    }
    facts["parameter_count"] = count;
    facts["trainable_count"] = trainable;
    facts["architecture"] = model.architecture.has_value();
    if (model.architecture) facts["structure"] = structure_of(model);
    const auto text = [&](const char* key, const std::string& value) {
        if (!value.empty()) facts[key] = value;
    };
    text("loss", model.facts.loss);
    text("optimizer", model.facts.optimizer);
    text("backend", model.facts.backend);
    text("framework_version", model.facts.framework_version);
    if (model.facts.learning_rate) facts["learning_rate"] = number_to_json(*model.facts.learning_rate);
    if (model.facts.from_logits) facts["from_logits"] = *model.facts.from_logits;
    if (!model.preprocessing.is_null()) facts["preprocessing"] = model.preprocessing;
    Json regularisers = Json::array();
    for (const model::Regulariser& term : model.facts.regularisers)
        regularisers.push_back({{"parameter", model.parameters.at(term.parameter).name}, {"l1", number_to_json(term.l1)}, {"l2", number_to_json(term.l2)}});
    if (!regularisers.empty()) facts["regularisers"] = std::move(regularisers);
    return facts;
}

}  // namespace assay::tools
