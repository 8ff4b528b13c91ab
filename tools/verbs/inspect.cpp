#include "tools/analysis.hpp"
#include "tools/graphviz.hpp"
#include "tools/single_model.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

std::string facts_in_words(const Json& facts) {
    std::string words;
    for (const char* key : {"loss", "from_logits", "optimizer", "learning_rate", "backend", "framework_version"})
        if (facts.contains(key)) {
            const Json& fact = facts[key];
            words += fmt::format("{}{} {}", words.empty() ? "" : ", ", key, fact.is_string() ? printable(fact.get<std::string>()) : fact.dump());
        }
    if (facts.contains("preprocessing")) words += fmt::format("{}inputs {}", words.empty() ? "" : ", ", printable(facts["preprocessing"].dump()));
    return words;
}

std::string stored_as(const Json& layers) {
    std::set<std::string> types;
    for (const Json& layer : layers)
        for (const Json& tensor : layer["tensors"])
            if (const std::string type = tensor["stored_type"].get<std::string>(); !type.empty()) types.insert(type);
    std::string words;
    for (const std::string& type : types) words += (words.empty() ? "" : ", ") + type;
    return words.empty() ? "nothing" : words;
}

std::string optimizer_in_words(const Json& state) {
    std::string words = fmt::format("optimizer's state: {} arrays of {} numbers in all", state["arrays"].get<std::int64_t>(), state["numbers"].get<std::int64_t>());
    if (!state["steps"].is_null()) words += fmt::format(", after {} steps", state["steps"].get<std::int64_t>());
    return words;
}

/// The layers as a tree: those of a nested model below a line of its own, which sums them up.
class Tree {
public:
    /// Without any output shape the arrays of the layers stand in its place.
    explicit Tree(const Json& layers)
        : layers_(layers), arrays_(std::all_of(layers.begin(), layers.end(), [](const Json& layer) { return layer["output_shape"].is_null(); })),
          table_(columns(arrays_)) {}

    std::string text() {
        for (std::size_t i = 0; i < layers_.size(); ++i) {
            std::vector<std::string> path = split(layers_[i]["name"].get<std::string>());
            const std::string name = path.back();
            path.pop_back();
            std::size_t common = 0;
            while (common < std::min(path.size(), open_.size()) && path[common] == open_[common]) ++common;
            open_.resize(common);
            while (open_.size() < path.size()) {
                open_.push_back(path[open_.size()]);
                add_group(i);
            }
            add_layer(layers_[i], name);
        }
        return table_.text();
    }

private:
    static std::vector<std::string> split(const std::string& name) {
        std::vector<std::string> parts{""};
        for (const char c : name)
            if (c == '/') parts.emplace_back();
            else parts.back() += c;
        return parts;
    }
    static std::string count_word(std::int64_t count) { return count > 0 ? fmt::format("{}", count) : ""; }
    static std::vector<Table::Column> columns(bool arrays) {
        if (arrays) return {{"layer", Table::Align::left}, {"class", Table::Align::left}, {"arrays", Table::Align::left}, {"parameters"}, {"zeros"}};
        return {{"layer", Table::Align::left}, {"class", Table::Align::left}, {"output", Table::Align::left}, {"sees", Table::Align::left}, {"parameters"},
                {"multiply-adds"}, {"zeros"}};
    }
    static std::string arrays_of(const Json& layer) {
        std::string words;
        for (const Json& tensor : layer["tensors"])
            words += fmt::format("{}{} {}", words.empty() ? "" : ", ", tensor["role"].get<std::string>(), shape_in_words(tensor["shape"]));
        return words;
    }
    static std::string madds_word(double madds) { return madds > 0 ? fmt::format("{:.0f}", madds) : ""; }
    static std::string zeros_word(double zeros, std::int64_t count) { return zeros > 0 ? percent(zeros / static_cast<double>(count), 1) : ""; }

    /// The line of the group whose path is `open_`, which begins with layer `first`.
    void add_group(std::size_t first) {
        std::string prefix;
        for (const std::string& part : open_) prefix += part + "/";
        std::int64_t count = 0;
        double madds = 0, zeros = 0;
        for (std::size_t i = first; i < layers_.size() && layers_[i]["name"].get<std::string>().starts_with(prefix); ++i) {
            count += layers_[i]["parameters"].get<std::int64_t>();
            madds += layers_[i]["multiply_adds"].is_null() ? 0 : layers_[i]["multiply_adds"].get<double>();
            zeros += layers_[i]["zeros"].get<double>();
        }
        const std::string name = std::string(2 * (open_.size() - 1), ' ') + printable(open_.back()) + "/";
        if (arrays_) table_.add({name, "", "", count_word(count), zeros_word(zeros, count)});
        else table_.add({name, "", "", "", count_word(count), madds_word(madds), zeros_word(zeros, count)});
    }
    void add_layer(const Json& layer, const std::string& name) {
        const auto count = layer["parameters"].get<std::int64_t>();
        const std::string shown = std::string(2 * open_.size(), ' ') + printable(name), kind = printable(layer["class"].get<std::string>()), zeros = zeros_word(layer["zeros"].get<double>(), count);
        if (arrays_) table_.add({shown, kind, arrays_of(layer), count_word(count), zeros});
        else table_.add({shown, kind, shape_in_words(layer["output_shape"]),
                    layer["receptive_field"].is_string() ? layer["receptive_field"].get<std::string>() : "", count_word(count),
                    layer["multiply_adds"].is_null() ? "?" : madds_word(layer["multiply_adds"].get<double>()), zeros});
    }

    const Json& layers_;
    std::vector<std::string> open_;   ///< the path of the group that the last layer is in
    bool arrays_;
    Table table_;
};

int run(const std::vector<std::string>& words) {
    ModelOptions model;
    std::string dot, svg;
    po::options_description description("Options");
    description.add_options()
        ("dot", po::value(&dot)->value_name("FILE"), "write the layer graph as Graphviz text")
        ("svg", po::value(&svg)->value_name("FILE"), "write the layer graph as a picture (needs Graphviz's program dot)");
    model.add_to(description);
    const auto values = parse({"assay inspect FILE [options]",
                               "Says what is in a checkpoint, layer by layer, and what is wrong with it. With --data it tries the common input scales.",
                               {"assay inspect model.h5", "assay inspect model.h5 --data mnist.h5", "assay inspect model.h5 --svg model.svg", "assay inspect weights.h5 --architecture config.json"},
                               "FILE"}, description, words);
    if (!values) return 0;
    const std::string file = (*values)["FILE"].as<std::string>();
    model.protect_inputs("--dot", dot, file);
    model.protect_inputs("--svg", svg, file);
    Json arguments = model.arguments(file);
    arguments["draw"] = !dot.empty() || !svg.empty();
    Json result = model.run("inspect", arguments);
    if (result.value("status", "") == "not_a_model") throw Error(ErrorKind::format, {file, "a checkpoint", result.value("reason", "a file that no format claims")});
    if (arguments["draw"].get<bool>() && !result.contains("dot"))
        throw Error(ErrorKind::missing, {file, "an architecture to draw", "weights only", "Give one with --architecture"});
    if (!dot.empty()) write_whole(dot, result["dot"].get<std::string>());
    if (!svg.empty()) write_svg(result["dot"].get<std::string>(), svg);
    if ((*values)["json"].as<bool>()) {
        print_json(std::move(result));
        return 0;
    }
    fmt::print("{}: {}\n", printable(file), result["facts"].value("format", ""));
    if (const std::string facts = facts_in_words(result["facts"]); !facts.empty()) fmt::print("{}", wrapped("training: " + facts));
    const auto unknown = result["layers_of_unknown_cost"].get<std::size_t>();
    const double at_least = result["multiply_adds_at_least"].get<double>();
    const std::string cost = unknown == 0    ? fmt::format("{:.0f} multiply-adds a row", at_least)
                             : at_least == 0 ? std::string("multiply-adds unknown")
                                             : fmt::format("at least {:.0f} multiply-adds a row ({} layers unknown)", at_least, unknown);
    fmt::print("\n{}\n{}", Tree(result["layers"]).text(),
               wrapped(fmt::format("{} layers, {} parameters, {} of them trainable, {}; stored as {}", result["layers"].size(), result["parameters"].get<std::int64_t>(),
                                   result["facts"].value("trainable_count", std::int64_t{0}), cost, stored_as(result["layers"]))));
    if (result.contains("optimizer_state")) fmt::print("{}\n", optimizer_in_words(result["optimizer_state"]));
    if (!result["scales"].empty()) {
        Table scales({{"input", Table::Align::left}, {"accuracy"}});
        for (const Json& scale : result["scales"]) scales.add({scale["preprocessing"].get<std::string>(), fixed(number_from_json(scale["accuracy"]), 4)});
        fmt::print("\naccuracy on {} rows by input scale\n{}", result["scales"][0]["rows"].get<std::int64_t>(), scales.text());
    }
    for (const Json& finding : result["findings"])   // the rule says the reader's note again, and more
        if (finding["rule"] == "unsupported-layer")
            std::erase_if(result["notes"].get_ref<Json::array_t&>(), [&](const Json& note) { return note.get<std::string>().starts_with("layer " + finding["where"].get<std::string>() + " of class "); });
    print_notes(result);
    for (const Json& finding : result["findings"]) {
        const std::string where = finding["where"].get<std::string>();
        fmt::print("{}", wrapped(fmt::format("{} [{}]: {}{}", finding["severity"].get<std::string>(), finding["rule"].get<std::string>(),
                                             where.empty() ? "" : printable(where) + ": ", printable(finding["message"].get<std::string>()))));
    }
    for (const Json& problem : result["problems"]) fmt::print("{}", wrapped("problem: " + printable(problem.get<std::string>())));
    return 0;
}

}  // namespace

extern const Verb inspect{.name = "inspect", .summary = "what is in a checkpoint, and what is wrong with it", .run = run};

}  // namespace assay::tools::verbs
