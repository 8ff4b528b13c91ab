#include "tools/single_model.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

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

int run(const std::vector<std::string>& words) {
    ModelOptions model;
    po::options_description description("Options");
    model.add_to(description);
    const auto values = parse({"assay inspect FILE [options]",
                               "Says what is in a checkpoint, layer by layer, and what is wrong with it. With --data it tries the common input scales.",
                               {"assay inspect model.h5", "assay inspect model.h5 --data mnist.h5", "assay inspect weights.h5 --architecture config.json"},
                               "FILE"}, description, words);
    if (!values) return 0;
    const std::string file = (*values)["FILE"].as<std::string>();
    Json result = model.run("inspect", model.arguments(file));
    if (result.value("status", "") == "not_a_model") throw Error(ErrorKind::format, {file, "a checkpoint", "a file that no format claims"});
    if ((*values)["json"].as<bool>()) {
        print_json(std::move(result));
        return 0;
    }
    fmt::print("{}: {}\n", printable(file), result["facts"].value("format", ""));
    if (const std::string facts = facts_in_words(result["facts"]); !facts.empty()) fmt::print("{}", wrapped("training: " + facts));
    Table table({{"layer", Table::Align::left}, {"class", Table::Align::left}, {"output", Table::Align::left}, {"parameters"}, {"zeros"}, {"not finite"}});
    for (const Json& layer : result["layers"]) {
        const auto count = layer["parameters"].get<std::int64_t>();
        table.add({printable(layer["name"].get<std::string>()), printable(layer["class"].get<std::string>()), shape_in_words(layer["output_shape"]),
                   fmt::format("{}", count), count > 0 ? percent(layer["zeros"].get<double>() / static_cast<double>(count), 1) : "",
                   layer["non_finite"].get<std::int64_t>() > 0 ? fmt::format("{}", layer["non_finite"].get<std::int64_t>()) : ""});
    }
    fmt::print("\n{}\n{} layers, {} parameters, {} of them trainable\n", table.text(), result["layers"].size(), result["parameters"].get<std::int64_t>(),
               result["facts"].value("trainable_count", std::int64_t{0}));
    if (!result["scales"].empty()) {
        Table scales({{"input", Table::Align::left}, {"accuracy"}});
        for (const Json& scale : result["scales"]) scales.add({scale["preprocessing"].get<std::string>(), fixed(number_from_json(scale["accuracy"]), 4)});
        fmt::print("\naccuracy on {} rows by input scale\n{}", result["scales"][0]["rows"].get<std::int64_t>(), scales.text());
    }
    print_notes(result);
    for (const Json& problem : result["problems"]) fmt::print("{}", wrapped("problem: " + printable(problem.get<std::string>())));
    return 0;
}

}  // namespace

extern const Verb inspect{.name = "inspect", .summary = "what is in a checkpoint, and what is wrong with it", .run = run};

}  // namespace assay::tools::verbs
