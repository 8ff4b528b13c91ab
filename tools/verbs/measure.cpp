#include "libanalysis/measures/catalogue.hpp"
#include "tools/single_model.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

std::string named(const Json& value) {
    std::string name = value.at("measure").get<std::string>();
    if (const auto parameters = value.at("parameters").get<std::string>(); !parameters.empty()) name += fmt::format("[{}]", parameters);
    return name;
}

std::string number_of(const Json& value) {
    const Json& number = value.at("value");
    if (number.is_null()) return "-";
    if (!number.is_array()) return significant(number_from_json(number), 6);
    std::string text;
    for (const Json& x : number) text += fmt::format("{}{}", text.empty() ? "" : " ", significant(number_from_json(x), 4));
    return text;
}

// Measures without a value, together by the reason.
void print_reasons(const Json& values, bool layers) {
    std::vector<std::pair<std::string, std::string>> reasons;   // in order of appearance
    for (const Json& value : values) {
        const auto layer = value.at("layer").get<std::string>();
        if (value.at("status") == "ok" || layer.empty() == layers) continue;
        std::string name = named(value);
        if (const auto convention = value.at("convention").get<std::string>(); !convention.empty()) name += fmt::format(".{}", convention);
        if (layers) name += fmt::format(" of {}", printable(layer));
        const auto reason = value.at("reason").get<std::string>();
        const auto found = std::find_if(reasons.begin(), reasons.end(), [&](const auto& pair) { return pair.first == reason; });
        if (found == reasons.end())
            reasons.emplace_back(reason, name);
        else
            found->second += fmt::format(", {}", name);
    }
    if (!reasons.empty()) fmt::print("\nwithout a value\n");
    for (const auto& [reason, names] : reasons) fmt::print("{}{}", wrapped(printable(reason) + ":", "  "), wrapped(names, "    "));
}

void print_whole_model(const Json& values) {
    const bool sampled = std::any_of(values.begin(), values.end(), [](const Json& value) { return !value.at("standard_error").is_null(); });
    Table table({{"measure", Table::Align::left}, {"convention", Table::Align::left}, {"value"}, {sampled ? "standard error" : ""}});
    for (const Json& value : values)
        if (value.at("layer").get<std::string>().empty() && value.at("status") == "ok")
            table.add({named(value), value.at("convention").get<std::string>(), number_of(value),
                       value.at("standard_error").is_null() ? "" : significant(number_from_json(value.at("standard_error")), 2)});
    if (!table.empty()) fmt::print("{}", table.text());
    print_reasons(values, false);
}

void print_layers(const Json& values) {
    Table table({{"layer", Table::Align::left}, {"measure", Table::Align::left}, {"convention", Table::Align::left}, {"value"}});
    for (const Json& value : values)
        if (const auto layer = value.at("layer").get<std::string>(); !layer.empty() && value.at("status") == "ok")
            table.add({printable(layer), named(value), value.at("convention").get<std::string>(), number_of(value)});
    if (!table.empty()) fmt::print("\n{}", table.text());
    print_reasons(values, true);
}

int run(const std::vector<std::string>& words) {
    ModelOptions model;
    std::string init, list = "all";
    std::int64_t train_rows = 0, samples = 0;
    std::uint64_t seed = 0;
    po::options_description description("Options");
    description.add_options()
        ("measures", po::value(&list)->value_name("LIST"), "names, families or all (what states no cost); `assay measures` lists them (all)")
        ("init", po::value(&init)->value_name("FILE"), "the initial weights")
        ("train-rows", po::value(&train_rows)->value_name("N"), "the model was trained on the first N rows of train/ (all)")
        ("samples", po::value(&samples)->value_name("N"), "at most N rows of each split, by a seeded shuffle (all)")
        ("seed", po::value(&seed)->value_name("N"), "of everything random (0)")
        ("layers", po::bool_switch(), "also the values of every layer");
    model.add_to(description);
    const auto values = parse({"assay measure FILE [options]",
                               "Computes the catalogue on one checkpoint. What cannot be computed says why; values are raw, without size adjustments.",
                               {"assay measure model.h5", "assay measure model.h5 --data mnist.h5 --scale 1/255 --init init.weights.h5",
                                "assay measure model.h5 --measures norm,masked_accuracy[sparsity=0.9] --data mnist.h5 --layers"},
                               "FILE"}, description, words);
    if (!values) return 0;
    const std::string file = (*values)["FILE"].as<std::string>();
    Json arguments = model.arguments(file);
    arguments["init"] = init;
    arguments["measures"] = Json::array();
    for (const measures::Request& request : measures::parse_requests(list)) {
        std::string word(request.measure->name);
        if (!request.parameters.empty()) word += fmt::format("[{}]", measures::to_string(request.parameters));
        arguments["measures"].push_back(word);
    }
    arguments["train_rows"] = values->contains("train-rows") ? Json{{"take", "first"}, {"count", train_rows}} : Json();
    arguments["samples"] = samples;
    arguments["seed"] = seed;
    Json result = model.run("measure_model", arguments);
    if (result.value("status", "") == "not_a_model") throw Error(ErrorKind::format, {file, "a checkpoint", "a file that no format claims"});
    if ((*values)["json"].as<bool>()) {
        result["preprocessing"] = arguments["preprocessing"];
        print_json(std::move(result));
        return 0;
    }
    fmt::print("{}: {}, {} parameters\n", printable(file), result["facts"].value("format", ""), result["facts"].value("parameter_count", std::int64_t{0}));
    if (!model.data.empty()) {
        if (!arguments["preprocessing"]["declared"].get<bool>()) fmt::print("inputs: as stored (no --scale was declared)\n");
        fmt::print("training rows: {}\n", values->contains("train-rows") ? fmt::format("the first {}", train_rows) : "all of train/ (none were declared)");
    }
    print_device(result);
    print_notes(result);
    fmt::print("\n");
    print_whole_model(result["values"]);
    if ((*values)["layers"].as<bool>()) print_layers(result["values"]);
    return 0;
}

}  // namespace

extern const Verb measure{.name = "measure", .summary = "compute the measures of one model", .run = run};

}  // namespace assay::tools::verbs
