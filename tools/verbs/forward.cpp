#include "tools/single_model.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

std::string number(const Json& value) { return value.is_number() ? significant(value.get<double>()) : "-"; }

void print_statistics(const Json& rows, const char* title) {
    Table table({{title, Table::Align::left}, {"class", Table::Align::left}, {"shape", Table::Align::left}, {"mean"}, {"std"}, {"least"}, {"largest"}, {"not finite"}});
    for (const Json& row : rows)
        table.add({printable(row["name"].get<std::string>()), printable(row.value("class", "")), shape_in_words(row["shape"]), number(row["mean"]),
                   number(row["standard_deviation"]), number(row["minimum"]), number(row["maximum"]),
                   row["non_finite"].get<std::int64_t>() > 0 ? fmt::format("{}", row["non_finite"].get<std::int64_t>()) : ""});
    fmt::print("\n{}", table.text());
}

int run(const std::vector<std::string>& words) {
    ModelOptions model;
    std::string out;
    po::options_description description("Options");
    description.add_options()
        ("out,o", po::value(&out)->value_name("FILE"), "write the outputs there, float32, one HDF5 data set an output")
        ("layers", po::bool_switch(), "statistics of every layer's output");
    model.add_to(description);
    const auto values = parse({"assay forward FILE --data FILE [-o FILE] [options]",
                               "Runs a network over the rows of an HDF5 file: data set x, or one data set per input name.",
                               {"assay forward model.h5 --data x.h5 -o y.h5", "assay forward model.h5 --data x.h5 --scale 1/255 --layers"},
                               "FILE"}, description, words);
    if (!values) return 0;
    if (model.data.empty()) throw Error(ErrorKind::usage, {"assay forward", "--data FILE", "nothing", "See assay forward --help"});
    const std::string file = (*values)["FILE"].as<std::string>();
    model.protect_inputs("--out", out, file);
    Json arguments = model.arguments(file);
    arguments["out"] = out;
    arguments["layers"] = (*values)["layers"].as<bool>();
    Json result = model.run("forward", arguments);
    if ((*values)["json"].as<bool>()) {
        print_json(std::move(result));
        return 0;
    }
    fmt::print("{}: {} rows, {}\n", printable(file), result["rows"].get<std::int64_t>(), result["preprocessing"].get<std::string>());
    print_device(result);
    print_notes(result);
    print_statistics(result["outputs"], "output");
    if (result.contains("layers")) print_statistics(result["layers"], "layer");
    if (!out.empty()) fmt::print("\nwritten to {}\n", printable(out));
    return 0;
}

}  // namespace

extern const Verb forward{.name = "forward", .summary = "outputs of a network over the rows of a file", .run = run};

}  // namespace assay::tools::verbs
