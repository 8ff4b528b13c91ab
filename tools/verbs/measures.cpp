#include "libanalysis/core/error.hpp"
#include "libanalysis/measures/catalogue.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <boost/program_options.hpp>
#include <fmt/format.h>

#include <sstream>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

Json to_json(const measures::Measure& measure) {
    Json json{{"name", measure.name}, {"family", measures::family_of(measure)}, {"doc", measure.doc}, {"formula", measure.formula},
              {"source", measure.source}, {"needs", measures::needs_in_words(measure.needs)}, {"direction", measures::to_string(measure.direction)},
              {"conventions", measure.conventions.empty() ? Json::array() : Json(measures::conventions_of(measure))},
              {"parameters", measure.parameters}, {"ingredients", measure.ingredients}, {"cost", measure.cost},
              {"version", measure.version}};
    return json;
}

int run(const std::vector<std::string>& words) {
    po::options_description description("Options");
    description.add_options()
        ("markdown", po::bool_switch(), "print the page docs/measures.md")
        ("json", po::bool_switch(), "print JSON")
        ("help,h", "this text");
    po::variables_map values;
    try {
        po::store(po::command_line_parser(words).options(description).positional({}).run(), values);
        po::notify(values);
    } catch (const po::error& error) {
        throw Error(ErrorKind::usage, {"assay measures", "", error.what(), "See assay measures --help"});
    }
    if (values.contains("help")) {
        std::ostringstream list;
        list << description;
        fmt::print("Usage: assay measures [options]\n\n{}\n{}\nExamples:\n  assay measures\n  assay measures --json\n",
                   wrapped("Lists the measures: names, what they need, conventions and parameters. Families and names can be given to --measures; those "
                         "that state a cost are computed on request, not as part of all."), list.str());
        return 0;
    }
    if (values["markdown"].as<bool>()) {
        fmt::print("{}", measures::catalogue_markdown());
        return 0;
    }
    if (values["json"].as<bool>()) {
        Json json{{"schema_version", 1}, {"measures", Json::array()}};
        for (const measures::Measure* measure : measures::catalogue()) json["measures"].push_back(to_json(*measure));
        fmt::print("{}\n", json.dump(2));
        return 0;
    }
    Table table({{"measure", Table::Align::left}, {"family", Table::Align::left}, {"conventions", Table::Align::left}, {"needs beside weights", Table::Align::left},
                 {"on request", Table::Align::left}});
    for (const measures::Measure* measure : measures::catalogue()) {
        std::string name(measure->name);
        if (!measure->parameters.empty()) name += fmt::format("[{}]", measure->parameters);
        std::string needs;
        if (measures::has(measure->needs, measures::Need::init)) needs = "init";
        for (const auto& [bit, word] : {std::pair{measures::Need::train_data, "train"}, std::pair{measures::Need::test_data, "test"}})
            if (measures::has(measure->needs, bit)) needs += fmt::format("{}{}", needs.empty() ? "" : ", ", word);
        if (needs.empty() && measures::has(measure->needs, measures::Need::architecture)) needs = "architecture";
        table.add({name, std::string(measures::family_of(*measure)), std::string(measure->conventions), needs, std::string(measure->cost)});
    }
    fmt::print("{}", table.text());
    return 0;
}

}  // namespace

extern const Verb measures{.name = "measures", .summary = "list the measures, their needs, conventions and parameters", .run = run};

}  // namespace assay::tools::verbs
