#include "libanalysis/measures/catalogue.hpp"
#include "libanalysis/measures/layer_table.hpp"
#include "libanalysis/store/export.hpp"
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
    // A long array would leave no room for the names of measures: its ends stand for it, --json has it whole.
    constexpr std::size_t most = 10, at_an_end = 3;
    std::string text;
    for (std::size_t i = 0; i < number.size(); ++i) {
        if (number.size() > most && i == at_an_end) {
            text += fmt::format(" ... ({} values) ...", number.size());
            i = number.size() - at_an_end;
        }
        text += fmt::format("{}{}", text.empty() ? "" : " ", significant(number_from_json(number[i]), 4));
    }
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
    std::string arrays;   // below the table, whose column they would widen
    for (const Json& value : values) {
        if (!value.at("layer").get<std::string>().empty() || value.at("status") != "ok") continue;
        const auto convention = value.at("convention").get<std::string>();
        if (value.at("value").is_array()) arrays += wrapped(fmt::format("{}{}{}: {}", named(value), convention.empty() ? "" : ".", convention, number_of(value)));
        else table.add({named(value), convention, number_of(value), value.at("standard_error").is_null() ? "" : significant(number_from_json(value.at("standard_error")), 2)});
    }
    if (!table.empty()) fmt::print("{}", table.text());
    fmt::print("{}", arrays);
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

std::string text_of(const Json& cell, int digits = 4) {
    if (cell.is_null()) return "";
    return cell.is_string() ? printable(cell.get<std::string>()) : significant(number_from_json(cell), digits);
}

// Spectra as WeightWatcher gives them, then what the weights say of their initialisation.
void print_layer_table(const Json& rows) {
    Table spectra({{"layer", Table::Align::left}, {"N"}, {"M"}, {"rf"}, {"alpha"}, {"+-"}, {"D"}, {"tail"}, {"alpha^"}, {"log norm"}, {"log spec"},
                   {"stable rank"}, {"", Table::Align::left}});
    Table state({{"layer", Table::Align::left}, {"state", Table::Align::left}, {"initialiser", Table::Align::left}, {"edge"}, {"MP D"}, {"kurtosis"}, {"He"},
                 {"Glorot"}, {"LeCun"}});
    std::string reasons;
    for (const Json& row : rows) {
        const std::string name = text_of(row.at("name"));
        spectra.add({name, text_of(row.at("N")), text_of(row.at("M")), text_of(row.at("rf")), text_of(row.at("alpha")), text_of(row.at("sigma"), 2),
                     text_of(row.at("D"), 2), text_of(row.at("num_pl_spikes")), text_of(row.at("alpha_weighted"), 3), text_of(row.at("log_norm"), 3),
                     text_of(row.at("log_spectral_norm"), 3), text_of(row.at("stable_rank")), text_of(row.at("warning"))});
        state.add({name, text_of(row.at("state")), text_of(row.at("initialiser")), text_of(row.at("edge_ratio"), 3), text_of(row.at("mp_distance"), 2),
                   text_of(row.at("kurtosis"), 3), text_of(row.at("he_gain"), 3), text_of(row.at("glorot_gain"), 3), text_of(row.at("lecun_gain"), 3)});
        if (!row.at("reason").is_null()) reasons += wrapped(fmt::format("{}: {}", name, text_of(row.at("reason"))), "  ");
    }
    fmt::print("\n{}{}\n{}", spectra.text(), reasons.empty() ? "" : "left out\n" + reasons, state.text());
}

void print_layer_csv(const Json& rows) {
    std::string line;
    for (const std::string_view column : measures::layer_columns()) line += fmt::format("{}{}", line.empty() ? "" : ",", column);
    fmt::print("{}\n", line);
    for (const Json& row : rows) {
        line.clear();
        for (const std::string_view column : measures::layer_columns()) {
            if (column != measures::layer_columns().front()) line += ',';
            const Json& cell = row.at(std::string(column));
            line += store::csv_cell(cell.is_string() ? Json(printable(cell.get<std::string>())) : cell);
        }
        fmt::print("{}\n", line);
    }
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
        ("layers", po::bool_switch(), "also a table of the layers, and the values of every layer")
        ("csv", po::bool_switch(), "print the table of the layers alone, as CSV, its columns named as WeightWatcher names them");
    model.add_to(description);
    const auto values = parse({"assay measure FILE [options]",
                               "Computes the catalogue on one checkpoint. What cannot be computed says why; values are raw, without size adjustments.",
                               {"assay measure model.h5", "assay measure model.h5 --data mnist.h5 --scale 1/255 --init init.weights.h5",
                                "assay measure model.h5 --measures norm,masked_accuracy[sparsity=0.9] --data mnist.h5 --layers",
                                "assay measure model.h5 --csv > layers.csv"},
                               "FILE"}, description, words);
    if (!values) return 0;
    const std::string file = (*values)["FILE"].as<std::string>();
    const bool csv = (*values)["csv"].as<bool>(), layers = (*values)["layers"].as<bool>();
    if (csv && ((*values)["json"].as<bool>() || !(*values)["measures"].empty()))
        throw Error(ErrorKind::usage, {"--csv", "no --json and no --measures beside it", "both"});
    Json arguments = model.arguments(file);
    arguments["layer_table"] = csv ? "alone" : layers ? "with" : "";
    arguments["init"] = init;
    arguments["measures"] = measure_words(list);
    arguments["train_rows"] = values->contains("train-rows") ? Json{{"take", "first"}, {"count", train_rows}} : Json();
    arguments["samples"] = samples;
    arguments["seed"] = seed;
    Json result = model.run("measure_model", arguments);
    if (result.value("status", "") == "not_a_model") throw Error(ErrorKind::format, {file, "a checkpoint", "a file that no format claims"});
    if ((*values)["json"].as<bool>()) {
        result["preprocessing"] = applied_preprocessing(arguments, result);
        print_json(std::move(result));
        return 0;
    }
    if (csv) {
        print_layer_csv(result["layers"]);
        return 0;
    }
    fmt::print("{}: {}, {} parameters\n", printable(file), result["facts"].value("format", ""), result["facts"].value("parameter_count", std::int64_t{0}));
    if (!model.data.empty()) {
        if (!applied_preprocessing(arguments, result)["declared"].get<bool>()) fmt::print("inputs: as stored (no --scale was declared)\n");
        fmt::print("training rows: {}\n", values->contains("train-rows") ? fmt::format("the first {}", train_rows) : "all of train/ (none were declared)");
    }
    print_device(result);
    print_notes(result);
    fmt::print("\n");
    print_whole_model(result["values"]);
    if (layers) {
        print_layer_table(result["layers"]);
        print_layers(result["values"]);
    }
    return 0;
}

}  // namespace

extern const Verb measure{.name = "measure", .summary = "compute the measures of one model", .run = run};

}  // namespace assay::tools::verbs
