#include "libanalysis/pruning/method.hpp"
#include "tools/output_file.hpp"
#include "tools/single_model.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

namespace assay::tools::verbs {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

struct Words {
    std::string method, init, out, mask, pattern = "2:4";
    double sparsity = 0;
    std::int64_t train_rows = 0, samples = 0;
    std::uint64_t seed = 0;
};

std::string list_of_methods() {
    std::string list;
    for (const pruning::Method* method : pruning::methods()) list += fmt::format("{}{}", list.empty() ? "" : ", ", method->name);
    return list;
}

/// "2:4"
std::pair<std::int64_t, std::int64_t> pattern_of(const std::string& text) {
    std::int64_t keep = 0, group = 0;
    const char* const end = text.data() + text.size();
    auto [place, error] = std::from_chars(text.data(), end, keep);
    if (error == std::errc{} && place != end && *place == ':') {
        const auto [last, second] = std::from_chars(place + 1, end, group);
        if (second == std::errc{} && last == end && keep >= 1 && keep <= group) return {keep, group};
    }
    throw Error(ErrorKind::usage, {"--pattern", "N:M with 1 <= N <= M, e.g. 2:4", "\"" + text + "\""});
}

void refuse(const po::variables_map& values, std::initializer_list<const char*> options, const char* beside) {
    for (const char* option : options)
        if (values.contains(option) && !values[option].defaulted()) throw Error(ErrorKind::usage, {std::string("--") + option, "no such option beside " + std::string(beside), "both"});
}

void check_output(const Words& words, const ModelOptions& model, const std::string& file) {
    check_writable("--out", words.out);
    model.protect_inputs("--out", words.out, file, {words.init, words.mask});
}

int apply(const Words& words, const ModelOptions& model, const po::variables_map& values, const std::string& file) {
    refuse(values, {"method", "sparsity", "pattern", "seed", "train-rows", "samples", "data"}, "--apply");
    const bool ticket = values["ticket"].as<bool>();
    if (words.out.empty()) throw Error(ErrorKind::usage, {"assay mask --apply", "-o FILE", "nothing", "The checkpoint itself is never written to."});
    if (ticket && words.init.empty()) throw Error(ErrorKind::usage, {"--ticket", "--init FILE, the initial weights", "nothing"});
    if (!ticket && !words.init.empty()) throw Error(ErrorKind::usage, {"--init", "--ticket beside it, which applies the mask to those weights", "--apply alone"});
    check_output(words, model, file);
    Json arguments = model.arguments(file);
    arguments.update(Json{{"mask", words.mask}, {"init", words.init}, {"out", fs::absolute(words.out).string()}});
    Json result = model.run("apply_mask", arguments);
    result["out"] = words.out;
    if (values["json"].as<bool>()) {
        print_json(std::move(result));
        return 0;
    }
    print_notes(result);
    const auto weights = result["weights"].get<std::size_t>(), nonzero = result["nonzero"].get<std::size_t>();
    fmt::print("{}", wrapped(fmt::format("{}: {} of {} weights are not zero ({}); masks by {}, over {}{}", printable(words.out), nonzero, weights,
                                         percent(static_cast<double>(nonzero) / static_cast<double>(weights)), printable(result["method"].get<std::string>()),
                                         ticket ? "initial weights; all other parameters are initial ones too, the optimizer's state is left out" : "the model's own weights",
                                         result["masked"].empty() ? "; the file of masks is empty" : "")));
    return 0;
}

void print_mask(const std::string& file, const Json& result) {
    fmt::print("{}\n", printable(file));
    fmt::print("{}", wrapped(fmt::format("method: {}: {}", result["method"].get<std::string>(), result["convention"].get<std::string>())));
    fmt::print("scored: {}, seed {}\n", result["scored"].get<std::string>(), result["seed"].get<std::uint64_t>());
    if (const auto objective = result["objective"].get<std::string>(); !objective.empty()) fmt::print("{}", wrapped("objective: " + printable(objective)));
    print_device(result);
    print_notes(result);
    const bool paths = !result["effective"].is_null();
    Table table({{"layer", Table::Align::left}, {"weights"}, {"kept"}, {"density"}, {paths ? "on paths" : ""}});
    for (const Json& layer : result["layers"])
        table.add({printable(layer["name"].get<std::string>()), std::to_string(layer["weights"].get<std::size_t>()),
                   layer["masked"].get<bool>() ? std::to_string(layer["kept"].get<std::size_t>()) : "all", percent(number_from_json(layer["density"])),
                   paths ? std::to_string(layer["effective"].get<std::size_t>()) : ""});
    table.rule();
    table.add({"all", std::to_string(result["weights"].get<std::size_t>()), std::to_string(result["kept"].get<std::size_t>()), percent(number_from_json(result["density"])),
               paths ? std::to_string(result["effective"].get<std::size_t>()) : ""});
    fmt::print("\n{}", table.text());
    if (result["layer_collapse"].get<bool>()) fmt::print("\nA layer has collapsed: nothing of it is left.\n");
    if (!paths) fmt::print("\n{}", wrapped("weights on paths are not counted: " + printable(result["effective_reason"].get<std::string>())));
}

int create(const Words& words, const ModelOptions& model, const po::variables_map& values, const std::string& file) {
    if (values["ticket"].as<bool>()) throw Error(ErrorKind::usage, {"--ticket", "--apply FILE, the masks", "nothing"});
    if (words.method.empty()) throw Error(ErrorKind::usage, {"assay mask", "--method, one of " + list_of_methods(), "nothing", "Or --apply FILE, to apply masks. See assay mask --help"});
    const pruning::Method& method = pruning::find_method(words.method);
    if (method.takes_sparsity) {
        refuse(values, {"pattern"}, std::string("--method " + words.method).c_str());
        if (!values.contains("sparsity")) throw Error(ErrorKind::usage, {"--method " + words.method, "--sparsity S, the share of weights to prune", "nothing"});
        if (!(words.sparsity >= 0 && words.sparsity < 1)) throw Error(ErrorKind::usage, {"--sparsity", "a number from 0 to below 1", fmt::format("{}", words.sparsity)});
    } else {
        refuse(values, {"sparsity"}, std::string("--method " + words.method + ", which --pattern decides").c_str());
    }
    if (method.needs_data && model.data.empty())
        throw Error(ErrorKind::usage, {"--method " + words.method, "--data FILE, because it scores by the gradient of the loss", "nothing"});
    if (values.contains("train-rows") && words.train_rows < 1) throw Error(ErrorKind::usage, {"--train-rows", "a positive number", std::to_string(words.train_rows)});
    if (values.contains("samples") && words.samples < 1) throw Error(ErrorKind::usage, {"--samples", "a positive number", std::to_string(words.samples)});
    const auto [keep, group] = pattern_of(words.pattern);
    if (!words.out.empty()) check_output(words, model, file);
    Json arguments = model.arguments(file);
    arguments.update(Json{{"method", words.method}, {"sparsity", words.sparsity}, {"init", words.init}, {"keep", keep}, {"group", group}, {"seed", words.seed},
                          {"samples", words.samples}, {"out", words.out.empty() ? "" : fs::absolute(words.out).string()}});
    arguments["train_rows"] = values.contains("train-rows") ? Json{{"take", "first"}, {"count", words.train_rows}} : Json();
    Json result = model.run("mask", arguments);
    result["out"] = words.out;
    if (values["json"].as<bool>()) {
        print_json(std::move(result));
        return 0;
    }
    print_mask(file, result);
    if (!words.out.empty()) fmt::print("\nwritten to {}\n", printable(words.out));
    return 0;
}

int run(const std::vector<std::string>& command) {
    ModelOptions model;
    Words words;
    const std::string methods = "one of " + list_of_methods();
    po::options_description description("Options");
    description.add_options()
        ("method", po::value(&words.method)->value_name("NAME"), methods.c_str())
        ("sparsity", po::value(&words.sparsity)->value_name("S"), "share of the weights to prune, from 0 to below 1")
        ("pattern", po::value(&words.pattern)->value_name("N:M"), "of n_of_m: of every M weights N are kept (2:4)")
        ("init", po::value(&words.init)->value_name("FILE"), "score these initial weights instead of the model's own; with --ticket: the weights to mask")
        ("train-rows", po::value(&words.train_rows)->value_name("N"), "for snip and grasp: the first N rows of train/ (all)")
        ("samples", po::value(&words.samples)->value_name("N"), "for snip and grasp: at most N of them, by a seeded shuffle (all)")
        ("seed", po::value(&words.seed)->value_name("N"), "of everything random (0)")
        ("apply", po::value(&words.mask)->value_name("FILE"), "write a copy of the model with these masks applied")
        ("ticket", po::bool_switch(), "with --apply and --init: with the initial weights in the place of the trained ones")
        ("out,o", po::value(&words.out)->value_name("FILE"), "the file to write: masks, or with --apply the model");
    model.add_to(description);
    const auto values = parse({"assay mask FILE --method NAME --sparsity S [-o FILE] [options]",
                               "Prunes: scores the weights of a checkpoint and writes masks, or applies masks. Weight matrices are pruned, biases and normalisation "
                               "parameters are not. snip and grasp need --data.",
                               {"assay mask model.h5 --method magnitude_global --sparsity 0.9 -o mask.h5",
                                "assay mask model.h5 --method snip --sparsity 0.9 --init init.weights.h5 --data mnist.h5 --scale 1/255 -o mask.h5",
                                "assay mask model.h5 --apply mask.h5 -o sparse.h5", "assay mask model.h5 --apply mask.h5 --ticket --init init.weights.h5 -o ticket.h5"},
                               "FILE"}, description, command);
    if (!values) return 0;
    const std::string file = (*values)["FILE"].as<std::string>();
    return words.mask.empty() ? create(words, model, *values, file) : apply(words, model, *values, file);
}

}  // namespace

extern const Verb mask{.name = "mask", .summary = "prune: masks by magnitude, SNIP, GraSP, SynFlow, 2:4; masked models and tickets", .run = run};

}  // namespace assay::tools::verbs
