#include "libanalysis/report/spectrum_page.hpp"
#include "tools/analysis.hpp"
#include "tools/output_file.hpp"
#include "tools/quantities.hpp"
#include "tools/single_model.hpp"
#include "tools/solver_progress.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

namespace assay::tools::verbs {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

struct Words {
    std::string kind = "hessian", split = "train", solver = "lanczos", memory, save_vectors, plot;
    std::int64_t samples = 0, train_rows = 0, top = 10, probes = 5, steps = 50;
    double l2 = -1, tolerance = 1e-3;
    std::uint64_t seed = 0;
};

std::string number(const Json& value, int digits = 6) { return value.is_null() ? "" : significant(number_from_json(value), digits); }

void check(const Words& words, const ModelOptions& model, const po::variables_map& values) {
    if (model.data.empty()) throw Error(ErrorKind::usage, {"assay hessian", "--data FILE", "nothing", "Curvature is that of a loss on rows. See assay hessian --help"});
    const auto one_of = [](const char* option, const std::string& word, std::initializer_list<const char*> known) {
        std::string list;
        for (const char* name : known) {
            if (word == name) return;
            list += fmt::format("{}{}", list.empty() ? "" : ", ", name);
        }
        throw Error(ErrorKind::usage, {option, "one of " + list, "\"" + word + "\""});
    };
    one_of("--operator", words.kind, {"hessian", "ggn", "fisher", "ef", "residual", "gradient_covariance"});
    one_of("--split", words.split, {"train", "test"});
    one_of("--solver", words.solver, {"lanczos", "spectra"});
    const auto positive = [](const char* option, auto value) {
        if (!(value > 0)) throw Error(ErrorKind::usage, {option, "a positive number", fmt::format("{}", value)});
    };
    positive("--top", words.top);
    positive("--probes", words.probes);
    positive("--steps", words.steps);
    positive("--tol", words.tolerance);
    if (values.contains("samples")) positive("--samples", words.samples);
    if (values.contains("train-rows")) positive("--train-rows", words.train_rows);
    if (values.contains("l2") && !(words.l2 >= 0 && std::isfinite(words.l2)))
        throw Error(ErrorKind::usage, {"--l2", "a number that is not negative", fmt::format("{}", words.l2)});
    if (values.contains("train-rows") && words.split == "test") throw Error(ErrorKind::usage, {"--train-rows", "--split train", "--split test"});
    if (!words.plot.empty()) {
        const std::string extension = fs::path(words.plot).extension().string();
        if (extension != ".html" && extension != ".htm")
            throw Error(ErrorKind::usage, {"--plot", "a file that ends in .html", words.plot, "The page's button saves its chart as an SVG file"});
        check_writable("--plot", words.plot);
    }
    if (!words.save_vectors.empty()) check_writable("--save-vectors", words.save_vectors);
    if (!words.plot.empty() && !words.save_vectors.empty() && fs::absolute(words.plot).lexically_normal() == fs::absolute(words.save_vectors).lexically_normal())
        throw Error(ErrorKind::usage, {"--save-vectors", "another file than --plot", words.plot});
}

/// "samples      2000 of 2000 rows ...", later lines indented like the first.
void line(std::string_view name, const std::string& text) {
    constexpr std::size_t indent = 13;
    const std::string lines = wrapped(text, std::string(indent, ' '));
    fmt::print("{:<{}}{}", name, indent, std::string_view(lines).substr(std::min(indent, lines.size())));
}

/// Estimates far below rounding say no more than that.
std::string residual_of(const Json& value) {
    if (!value.is_null() && number_from_json(value) < 1e-12) return "<1e-12";
    return number(value, 2);
}

void print_head(const std::string& file, const Json& result) {
    const Json& sample = result["sample"];
    fmt::print("{}\n", printable(file));
    line("objective", printable(result["objective"].get<std::string>()));
    line("operator", fmt::format("{}, {} parameters, {}, {} ({}), threads {}", result["operator"].get<std::string>(), result["parameters"].get<std::size_t>(),
                                 result["precision"].get<std::string>(), printable(result["device_description"].get<std::string>()), result["instruction_set"].get<std::string>(),
                                 result["threads"].get<int>()));
    line("samples", fmt::format("{} of {} rows of {}/ ({}), seed {}, inputs {}", result["samples"].get<std::int64_t>(), sample["of"].get<std::int64_t>(),
                                sample["split"].get<std::string>(), sample["rule"].get<std::string>(), result["seed"].get<std::uint64_t>(),
                                sample["preprocessing"].get<std::string>()));
    line("loss", fmt::format("{}, gradient norm {}", number(result["loss"]), number(result["gradient_norm"])));
}

void print_eigenvalues(const Json& result) {
    Table table({{"end", Table::Align::left}, {"#"}, {"eigenvalue"}, {"residual"}, {"true residual"}, {"", Table::Align::left}});
    std::string end;
    std::size_t rank = 0;
    for (const Json& pair : result["eigenvalues"]) {
        const auto now = pair["end"].get<std::string>();
        if (now != end) {
            if (!end.empty()) table.rule();
            end = now;
            rank = 0;
        }
        std::string remark = pair["outlier"].get<bool>() ? "outlier" : "";
        if (!pair["converged"].get<bool>()) remark += remark.empty() ? "not converged" : ", not converged";
        table.add({rank == 0 ? end : "", std::to_string(++rank), number(pair["value"]), residual_of(pair["residual"]), residual_of(pair["true_residual"]), remark});
    }
    fmt::print("\n{}", table.text());
    const Json& search = result["search"];
    const auto further = search["verification_products"].get<std::size_t>();
    const std::string verifying = further > 0 ? fmt::format(" and {} to verify", further) : "";
    fmt::print("{}", wrapped(fmt::format("{} {} by {} with {} products{}, tolerance {} of |eigenvalue|", result["eigenvalues"].size(),
                                         result["eigenvalues"].size() == 1 ? (result["converged"].get<bool>() ? "pair, converged," : "pair, not converged,")
                                                                             : (result["converged"].get<bool>() ? "pairs, all converged," : "pairs, not all converged,"), result["solver"].get<std::string>(),
                                         search["products"].get<std::size_t>(), verifying, number(result["tolerance"], 2))));
}

std::string estimate(const Json& value) {
    std::string text = number(value["value"]);
    if (value["method"] != "exact") text += fmt::format(" +- {} ({}, {} products)", number(value["standard_error"], 2), value["method"].get<std::string>(),
                                                        value["products"].get<std::size_t>());
    return text;
}

void print_rest(const Json& result) {
    fmt::print("\n");
    if (!result["trace"].is_null())
        line("trace", fmt::format("{}{}; {}", estimate(result["trace"]), result["trace"]["method"] == "exact" ? ", exact" : "", printable(result["trace"]["reason"].get<std::string>())));
    if (!result["frobenius"].is_null()) line("frobenius", estimate(result["frobenius"]));
    if (const Json& density = result["density"]; !density.is_null())
        line("density", fmt::format("{} nodes from {} probes of {} steps, {} to {}; bulk {} to {}", density["nodes"].size(), density["probes"].get<std::size_t>(),
                                    density["steps"].get<std::size_t>(), number(density["smallest"], 4), number(density["largest"], 4), number(result["bulk"]["low"], 3),
                                    number(result["bulk"]["high"], 3)));
    if (const Json& halves = result["halves"]; !halves.is_null()) {
        const Json& a = halves["halves"][0];
        const Json& b = halves["halves"][1];
        std::string text = fmt::format("largest eigenvalue {} and {} on two halves of the rows: expect a deviation of {} for another sample of this size", number(a["largest"]["value"], 4),
                                       number(b["largest"]["value"], 4), number(halves["largest_deviation"], 2));
        if (!a["trace"].is_null())
            text += fmt::format("; trace {} and {}: {}", number(a["trace"]["value"], 4), number(b["trace"]["value"], 4), number(halves["trace_deviation"], 2));
        line("sample size", text);
    }
    if (const Json& kinks = result["kinks"]; !kinks.is_null())
        line("kinks", fmt::format("{} of the pre-activations lie within {} of a kink, where the second derivative jumps", percent(kinks["share"].get<double>(), 3), number(kinks["delta"], 2)));
    const Json& seconds = result["seconds"];
    const Json& cache = result["cache"];
    line("seconds", fmt::format("{} in all; gradient {}, product {} ({} times)", number(seconds["total"], 3), number(seconds["gradient"], 3), number(seconds["product"], 3),
                                number(seconds["gradient"].get<double>() > 0 ? Json(seconds["product"].get<double>() / seconds["gradient"].get<double>()) : Json(), 3)));
    std::string on_device;
    if (const Json& peak = result["device_memory_peak_bytes"]; !peak.is_null())
        on_device = fmt::format("; peak of the device {} of {} that it may hold", bytes_in_words(peak.get<std::size_t>()), bytes_in_words(result["memory_budget_bytes"].get<std::size_t>()));
    line("memory", fmt::format("cached {} of {} batches{}, {}; peak of the process {}{}", cache["cached"].get<std::int64_t>(), cache["batches"].get<std::int64_t>(),
                               cache["values_only"].get<std::int64_t>() > 0 ? fmt::format(" and the values of {}", cache["values_only"].get<std::int64_t>()) : "",
                               bytes_in_words(cache["bytes"].get<std::size_t>()), bytes_in_words(result["memory_peak_bytes"].get<std::size_t>()), on_device));
}

void print_device_notes(const Json& notes) {
    for (const Json& note : notes) line("device", printable(note.get<std::string>()));
}

void print_layers(const Json& layers) {
    if (layers.is_null()) return;
    double total = 0;
    for (const Json& layer : layers) total += number_from_json(layer["trace"]["value"]);
    const bool largest = !layers.empty() && !layers[0]["largest"].is_null();
    Table table({{"layer", Table::Align::left}, {"parameters"}, {"trace"}, {"standard error"}, {"share"}, {"mean diagonal"}, {largest ? "largest eigenvalue" : ""}});
    for (const Json& layer : layers) {
        const double trace = number_from_json(layer["trace"]["value"]);
        const auto size = layer["parameters"].get<std::size_t>();
        table.add({printable(layer["name"].get<std::string>()), std::to_string(size), significant(trace, 6),
                   layer["trace"]["method"] == "exact" ? "exact" : number(layer["trace"]["standard_error"], 2), total > 0 ? percent(trace / total) : "",
                   significant(trace / static_cast<double>(size), 4),
                   largest ? number(layer["largest"]["value"]) + (layer["largest"]["converged"].get<bool>() ? "" : ", not converged") : ""});
    }
    fmt::print("\n{}", table.text());
}

int run(const std::vector<std::string>& command) {
    ModelOptions model;
    Words words;
    po::options_description description("Options");
    description.add_options()
        ("operator", po::value(&words.kind)->value_name("NAME"), "hessian, ggn, fisher, ef, residual or gradient_covariance (hessian)")
        ("top", po::value(&words.top)->value_name("K"), "eigenvalues from the upper end (10)")
        ("both-ends", po::bool_switch(), "as many from the lower end")
        ("trace", po::bool_switch(), "the trace: exact for piecewise-linear networks, else estimated")
        ("per-layer", po::bool_switch(), "the trace of every layer's block")
        ("layer-eigenvalues", po::bool_switch(), "and its largest eigenvalue, some ten products each")
        ("density", po::bool_switch(), "the spectral density, by stochastic Lanczos quadrature")
        ("probes", po::value(&words.probes)->value_name("N"), "of the density (5)")
        ("steps", po::value(&words.steps)->value_name("N"), "of each probe (50)")
        ("plot", po::value(&words.plot)->value_name("FILE.html"), "a page with the density and its outliers; asks for --density")
        ("split", po::value(&words.split)->value_name("NAME"), "train or test (train)")
        ("train-rows", po::value(&words.train_rows)->value_name("N"), "the model was trained on the first N rows of train/ (all)")
        ("samples", po::value(&words.samples)->value_name("N"), "rows, by a seeded shuffle (chosen and printed)")
        ("halves", po::bool_switch(), "what the sample size does, from two halves; always done where --samples is not given")
        ("l2", po::value(&words.l2)->value_name("X"), "adds X |w|^2 instead of the file's own regularisers")
        ("tol", po::value(&words.tolerance)->value_name("X"), "largest residual of an eigenpair, as a share of |eigenvalue| (0.001)")
        ("multiple", po::bool_switch(), "search once more, for eigenvalues of multiplicity above one; some ten products")
        ("solver", po::value(&words.solver)->value_name("NAME"), "lanczos, or spectra to certify (lanczos)")
        ("seed", po::value(&words.seed)->value_name("N"), "of everything random (0)")
        ("memory", po::value(&words.memory)->value_name("SIZE"), "for caches and vectors, e.g. 4G (half of this machine's; of a device 80 % of what is free)")
        ("save-vectors", po::value(&words.save_vectors)->value_name("FILE.h5"), "eigenvectors, one data set a parameter tensor")
        ("progress", po::bool_switch(), "every step as a line on standard error")
        ("quiet,q", po::bool_switch(), "no progress");
    model.add_to(description);
    const auto values = parse({"assay hessian FILE --data FILE [options]",
                               "Curvature of a trained network's loss at its weights: eigenvalues of both ends, each with its residual, trace, spectral density. "
                               "Every number belongs to the objective that is printed with it.",
                               {"assay hessian model.h5 --data mnist.h5 --scale 1/255", "assay hessian model.h5 --data mnist.h5 --scale 1/255 --both-ends --trace --per-layer",
                                "assay hessian model.h5 --data mnist.h5 --scale 1/255 --density --plot spectrum.html",
                                "assay hessian model.h5 --data mnist.h5 --scale 1/255 --operator ggn --precision double --solver spectra"},
                               "FILE"}, description, command);
    if (!values) return 0;
    const std::string file = (*values)["FILE"].as<std::string>();
    const auto asked = [&](const char* option) { return (*values)[option].as<bool>(); };
    check(words, model, *values);
    if (!words.memory.empty()) model.memory = parse_bytes(words.memory, "--memory");
    model.protect_inputs("--plot", words.plot, file);
    model.protect_inputs("--save-vectors", words.save_vectors, file);
    Json arguments = model.arguments(file);
    arguments.update(Json{{"operator", words.kind}, {"split", words.split}, {"solver", words.solver}, {"samples", words.samples}, {"top", words.top},
                          {"both_ends", asked("both-ends")}, {"probe", asked("multiple")}, {"trace", asked("trace")}, {"per_layer", asked("per-layer") || asked("layer-eigenvalues")}, {"layer_eigenvalues", asked("layer-eigenvalues")},
                          {"density", asked("density") || !words.plot.empty()}, {"probes", words.probes}, {"steps", words.steps},
                          {"halves", asked("halves") || !values->contains("samples")}, {"l2", values->contains("l2") ? Json(words.l2) : Json()},
                          {"tolerance", words.tolerance}, {"seed", words.seed},
                          {"save_vectors", words.save_vectors.empty() ? "" : fs::absolute(words.save_vectors).string()}});
    arguments["train_rows"] = values->contains("train-rows") ? Json{{"take", "first"}, {"count", words.train_rows}} : Json();

    SolverProgress progress(asked("quiet") ? SolverProgress::Mode::quiet : asked("progress") ? SolverProgress::Mode::every_step : SolverProgress::Mode::automatic);
    progress.set_tolerance(words.tolerance);
    Json result = model.run("hessian", arguments, [&](const Json& step) { progress.show(step); });
    progress.finish();
    if (!words.plot.empty()) write_whole(words.plot, report::spectrum_page(result));
    if (asked("json")) {
        print_json(std::move(result));
        return 0;
    }
    print_head(file, result);
    print_notes(result);
    print_eigenvalues(result);
    print_rest(result);
    print_device_notes(result["device_notes"]);
    print_layers(result["layers"]);
    if (!words.save_vectors.empty()) fmt::print("\neigenvectors: {}\n", printable(words.save_vectors));
    if (!words.plot.empty()) fmt::print("\npage: {}\n", printable(words.plot));
    return 0;
}

}  // namespace

extern const Verb hessian{.name = "hessian", .summary = "curvature: eigenvalues, trace and density of the Hessian and its kin", .run = run};

}  // namespace assay::tools::verbs
