#include "libanalysis/core/text.hpp"
#include "libanalysis/evaluate/curve.hpp"
#include "libanalysis/evaluate/table.hpp"
#include "libanalysis/evaluate/targets.hpp"
#include "tools/analysis.hpp"
#include "tools/parse.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

// A column of a store: a measure, "metric.x", or a hyper-parameter that is a number everywhere.
std::vector<double> column_of(const evaluate::Frame& frame, const std::string& name, const std::string& path) {
    if (const evaluate::Column* metric = name.starts_with("metric.") ? frame.metric(name) : nullptr) return metric->values;
    if (!name.starts_with("config."))
        if (const evaluate::Column* measure = frame.measure(name)) return measure->values;
    for (const evaluate::Factor& factor : frame.config) {
        if ("config." + factor.name != name && factor.name != name) continue;
        std::vector<double> values;
        for (const std::string& word : factor.values) {
            const std::optional<double> value = word.empty() ? evaluate::missing : number_of(word);
            if (!value) throw Error(ErrorKind::data, {path + ": " + name, "numbers", word});
            values.push_back(*value);
        }
        return values;
    }
    // What is not logged as such is made of accuracies, as evaluate and fit make it.
    for (const auto& target : {evaluate::test_error(frame), evaluate::gap(frame), evaluate::test_loss(frame)})
        if (target && without("metric.", name) == target->name) return target->values;
    throw Error(ErrorKind::usage, {"--column", "a column of " + path, name, "assay export STORE lists all columns"});
}

// The column of a table that a name means: itself, or with the beginning that assay export gives it. Nothing where none or two do.
std::optional<std::string> named_column(const std::vector<std::string>& header, const std::string& name) {
    std::vector<std::string> found;
    for (const std::string& one : header)
        if (one == name) return one;
    if (const std::string bare(without("measure.", name)); std::find(header.begin(), header.end(), bare) != header.end()) return bare;
    for (const std::string_view beginning : {"measure.", "metric.", "config."})
        if (const auto at = std::find(header.begin(), header.end(), std::string(beginning) + name); at != header.end()) found.push_back(*at);
    return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
}

std::string list_of_curves() {
    std::string text;
    for (const evaluate::Curve* one : evaluate::curves()) {
        text += fmt::format("{}{}: ", text.empty() ? "" : "; ", one->name);
        bool first = true;
        for (const evaluate::CurveInput& input : one->inputs()) {
            text += fmt::format("{}{}{}", first ? "" : ", ", input.name, input.required ? "" : " (optional)");
            first = false;
        }
    }
    return text;
}

std::string exact(double value) { return std::isnan(value) ? "" : fmt::format("{:.17g}", value); }

int run(const std::vector<std::string>& words) {
    std::string kind;
    std::vector<std::string> columns, settings, where;
    evaluate::CurveProblem problem;
    std::uint64_t seed = 0;
    const std::string inputs = "NAME=COLUMN: which column of the table is which input; " + list_of_curves();
    po::options_description description("Options");
    description.add_options()
        ("kind", po::value(&kind)->required(), "which law: double-descent, scaling-law, on-the-line, norm-growth")
        ("column", po::value(&columns)->composing(), inputs.c_str())
        ("set", po::value(&settings)->composing(), "NAME=NUMBER: a setting of the law")
        ("where", po::value(&where)->composing(), "in a table: only rows where COLUMN is true, or COLUMN=VALUE; may be repeated")
        ("level", po::value(&problem.level)->default_value(0.95, "0.95"), "of the intervals")
        ("replicates", po::value(&problem.replicates)->default_value(1000), "bootstrap resamples, 0: no intervals")
        ("seed", po::value(&seed)->default_value(0), "of the bootstrap")
        ("json", po::bool_switch(), "print JSON")
        ("csv", po::bool_switch(), "print CSV");
    const auto values = parse({"assay curve STORE|TABLE.csv --kind KIND --column NAME=COLUMN ... [options]",
                               "Fits a law between columns of a table, one row a model: double descent, scaling laws, accuracy on the line, growth of norms. An input "
                               "whose column has its own name need not be given.",
                               {"assay curve runs.csv --kind scaling-law --column parameters=N --column flop=C --set drop-highest=5",
                                "assay curve testbed.csv --kind on-the-line --column accuracy=val --column shifted_accuracy=imagenet-sketch --set unit=100",
                                "assay curve zoo.assay --kind double-descent --column size=config.width --column test_error=metric.test_error"},
                               "STORE"}, description, words);
    if (!values) return 0;
    if (!(problem.level > 0 && problem.level < 1)) throw Error(ErrorKind::usage, {"--level", "a number between 0 and 1", fmt::format("{}", problem.level)});
    const evaluate::Curve& curve = evaluate::curve(kind);
    problem.seed = Seed{seed};
    std::map<std::string, std::string> named;
    for (const std::string& word : columns) {
        const auto [input, column] = name_and_value(word, "--column", "NAME=COLUMN");
        if (!named.emplace(input, column).second) throw Error(ErrorKind::usage, {"--column", "each input once", input});
    }
    for (const std::string& word : settings) {
        const auto [name, text] = name_and_value(word, "--set", "NAME=NUMBER");
        const std::optional<double> value = number_of(text);
        if (!value) throw Error(ErrorKind::usage, {"--set " + name, "a number", text});
        problem.settings[name] = *value;
    }
    const std::string path = (*values)["STORE"].as<std::string>();
    if (is_store(path)) {
        if (!where.empty()) throw Error(ErrorKind::usage, {"--where", "a table (CSV)", path + ", a store", "assay export writes a store as a table"});
        const evaluate::Frame frame = report::frame_of(open_content(path).table);
        for (const auto& [input, column] : named) problem.columns[input] = column_of(frame, column, path);
    } else {
        const std::string text = read_whole(path, "a store or a table (CSV)");
        const std::vector<std::string> header = evaluate::columns_of_csv(text, path);
        std::map<std::string, std::string> column_of_input;
        for (const evaluate::CurveInput& input : curve.inputs())   // under its own name
            if (const auto own = named_column(header, std::string(input.name))) column_of_input[std::string(input.name)] = *own;
        for (const auto& [input, column] : named) {
            const std::optional<std::string> found = named_column(header, column);
            if (!found) throw Error(ErrorKind::usage, {"--column " + input, "a column of " + path + ": " + evaluate::some_columns(header, column), column});
            column_of_input[input] = *found;
        }
        std::set<std::string, std::less<>> wanted;
        for (const auto& [input, column] : column_of_input) wanted.insert(column);
        if (wanted.empty()) throw Error(ErrorKind::usage, {path, "columns called as the inputs of " + std::string(curve.name) + " or named by --column", evaluate::some_columns(header)});
        const evaluate::Frame frame = evaluate::frame_of_csv(text, path, {.config = [](std::string_view) { return false; },
                                                                          .measure = [&](std::string_view column) { return wanted.contains(column); }, .where = where});
        std::map<std::string, const evaluate::Column*> taken;   // by the name in the table; the frame has them in its order
        for (std::size_t k = 0; const std::string& column : header)
            if (wanted.contains(column)) taken[column] = &frame.measures.at(k++);
        for (const auto& [input, column] : column_of_input) problem.columns[input] = taken.at(column)->values;
    }
    const std::size_t replicates = problem.replicates;
    const double level = problem.level;
    const evaluate::CurveFit fit = evaluate::fit_curve(curve, std::move(problem));
    if ((*values)["json"].as<bool>()) {
        Json json{{"schema_version", 1}, {"table", path}, {"kind", curve.name}, {"source", curve.source}, {"replicates", replicates}, {"level", level}, {"seed", seed}};
        json.update(evaluate::to_json(fit));
        fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
        return 0;
    }
    if ((*values)["csv"].as<bool>()) {
        fmt::print("kind,number,value,low,high\n");
        for (const evaluate::CurveNumber& one : fit.numbers) fmt::print("{},{},{},{},{}\n", curve.name, one.name, exact(one.value), exact(one.low), exact(one.high));
        return 0;
    }
    fmt::print("{}\n", wrapped(fmt::format("{}: {} ({} rows of {}).", curve.name, curve.summary, fit.rows, path)));
    fmt::print("{}\n", wrapped(fit.verdict));
    Table table({{"number", Table::Align::left}, {"value"}, {fmt::format("{:.0f} % interval", 100 * level)}});
    for (const evaluate::CurveNumber& one : fit.numbers)
        table.add({one.name, std::isnan(one.value) ? "-" : significant(one.value, 6),
                   std::isnan(one.low) ? "" : fmt::format("{} .. {}", significant(one.low, 5), significant(one.high, 5))});
    fmt::print("{}", table.text());
    for (const std::string& note : fit.notes) fmt::print("{}", wrapped("note: " + note));
    return 0;
}

}  // namespace

extern const Verb curve{.name = "curve", .summary = "fit a law over a table: double descent, scaling laws, accuracy on the line, norm growth", .run = run};

}  // namespace assay::tools::verbs
