#include "tools/analysis.hpp"
#include "tools/graphviz.hpp"
#include "tools/single_model.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

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
        if (const std::string word = layer["stored_types"].get<std::string>(); !word.empty()) types.insert(word);
    std::string words;
    for (const std::string& type : types) words += (words.empty() ? "" : "; ") + type;
    return words.empty() ? "nothing" : words;
}

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
    Table table({{"layer", Table::Align::left}, {"class", Table::Align::left}, {"output", Table::Align::left}, {"sees", Table::Align::left}, {"parameters"},
                 {"multiply-adds"}, {"zeros"}});
    for (const Json& layer : result["layers"]) {
        const auto count = layer["parameters"].get<std::int64_t>();
        const double zeros = layer["zeros"].get<double>(), madds = layer["multiply_adds"].get<double>();
        table.add({printable(layer["name"].get<std::string>()), printable(layer["class"].get<std::string>()), shape_in_words(layer["output_shape"]),
                   layer["receptive_field"].is_string() ? layer["receptive_field"].get<std::string>() : "", count > 0 ? fmt::format("{}", count) : "",
                   madds > 0 ? fmt::format("{:.0f}", madds) : "", zeros > 0 ? percent(zeros / static_cast<double>(count), 1) : ""});
    }
    fmt::print("\n{}\n{} layers, {} parameters, {} of them trainable, {:.0f} multiply-adds a row; stored as {}\n", table.text(), result["layers"].size(),
               result["parameters"].get<std::int64_t>(), result["facts"].value("trainable_count", std::int64_t{0}), result["multiply_adds"].get<double>(),
               stored_as(result["layers"]));
    if (!result["scales"].empty()) {
        Table scales({{"input", Table::Align::left}, {"accuracy"}});
        for (const Json& scale : result["scales"]) scales.add({scale["preprocessing"].get<std::string>(), fixed(number_from_json(scale["accuracy"]), 4)});
        fmt::print("\naccuracy on {} rows by input scale\n{}", result["scales"][0]["rows"].get<std::int64_t>(), scales.text());
    }
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
