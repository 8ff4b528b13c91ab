#include "libanalysis/measures/catalogue.hpp"
#include "libanalysis/store/export.hpp"
#include "tools/single_model.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

/// One number of both models. `prefers` is 'a' or 'b', '=' for equal values, ' ' where the catalogue holds the measure to say nothing.
struct Row {
    std::string measure, convention, parameters;
    double a = 0, b = 0;
    char prefers = ' ';
    bool truth = false;   ///< looks at test labels: the answer itself
    std::string name() const { return measure + (parameters.empty() ? "" : "[" + parameters + "]") + (convention.empty() ? "" : "." + convention); }
    double relative() const {
        const double scale = std::max(std::abs(a), std::abs(b));
        return scale > 0 ? (b - a) / scale : 0;
    }
};

struct Difference { std::string what, a, b; };

char preference(const measures::Measure& measure, double a, double b) {
    if (measure.direction == measures::Direction::none || std::isnan(a) || std::isnan(b)) return ' ';
    if (a == b) return '=';
    return (measure.direction == measures::Direction::larger_gap) == (a < b) ? 'a' : 'b';
}

std::vector<Row> rows_of(const Json& a, const Json& b) {
    std::map<std::string, double> of_b;
    const auto key = [](const Json& value) { return value.at("measure").dump() + value.at("convention").dump() + value.at("parameters").dump(); };
    const auto whole = [](const Json& value) { return value.at("layer").get<std::string>().empty() && value.at("status") == "ok" && !value.at("value").is_array() && !value.at("value").is_null(); };
    for (const Json& value : b.at("values"))
        if (whole(value)) of_b[key(value)] = number_from_json(value.at("value"));
    std::vector<Row> rows;
    for (const Json& value : a.at("values")) {
        const auto at = whole(value) ? of_b.find(key(value)) : of_b.end();
        if (at == of_b.end()) continue;
        Row row{value.at("measure"), value.at("convention"), value.at("parameters"), number_from_json(value.at("value")), at->second};
        const measures::Measure* known = measures::find_measure(row.measure);
        if (!known) continue;
        row.truth = measures::has(known->needs, measures::Need::test_labels);
        if (!row.truth) row.prefers = preference(*known, row.a, row.b);
        rows.push_back(std::move(row));
    }
    return rows;
}

// 'a' or 'b' for the model that is better in truth, '=' for equal ones; ' ' where it was not computed. The directions of measures speak of
// the gap; people who choose a model ask for its accuracy on the test data as well, and the two may disagree.
struct Truth {
    char gap = ' ', test = ' ';
};

Truth truth_of(const std::vector<Row>& rows) {
    Truth truth;
    for (const Row& row : rows) {
        if (!row.parameters.empty()) continue;
        if (row.measure == "generalization_gap") truth.gap = row.a == row.b ? '=' : row.a < row.b ? 'a' : 'b';
        if (row.measure == "test_accuracy") truth.test = row.a == row.b ? '=' : row.a > row.b ? 'a' : 'b';
    }
    return truth;
}

// Numbers that were stored as float32 in few digits.
std::string words_of(const Json& cell) { return cell.is_number_float() ? significant(cell.get<double>(), 7) : cell.is_string() ? cell.get<std::string>() : cell.is_null() ? "-" : cell.dump(); }

std::string layer_in_words(const Json& layer) {
    std::string words = layer.at("class").get<std::string>();
    if (!layer.at("output_shape").is_null()) words += " -> " + shape_in_words(layer.at("output_shape"));
    for (const Json& tensor : layer.at("tensors"))
        words += fmt::format(", {} {} {}", tensor.at("role").get<std::string>(), shape_in_words(tensor.at("shape")), tensor.at("stored_type").get<std::string>());
    return words;
}

// What the files say of themselves, and their layers in order. Names of layers are left out: frameworks count them up from model to model.
std::vector<Difference> differences_of(const Json& a, const Json& b) {
    std::vector<Difference> differences;
    if (a.at("content") == b.at("content")) return differences;
    std::map<std::string, std::pair<Json, Json>> facts;
    for (const auto& [name, value] : a.at("facts").items()) facts[name].first = value;
    for (const auto& [name, value] : b.at("facts").items()) facts[name].second = value;
    for (const auto& [name, both] : facts) {
        const auto& [of_a, of_b] = both;
        if (of_a == of_b || name == "structure") continue;   // its layers are told one by one
        const bool alike = words_of(of_a) == words_of(of_b);   // differ behind the digits that are shown
        differences.push_back({name, alike ? of_a.dump() : words_of(of_a), alike ? of_b.dump() : words_of(of_b)});
    }
    const Json& left = a.at("layers");
    const Json& right = b.at("layers");
    for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
        const std::string of_a = i < left.size() ? layer_in_words(left[i]) : "-", of_b = i < right.size() ? layer_in_words(right[i]) : "-";
        if (of_a != of_b) differences.push_back({fmt::format("layer {}", i + 1), of_a, of_b});
        if (i >= left.size() || i >= right.size()) continue;
        for (const char* count : {"zeros", "non_finite"})
            if (left[i].at(count) != right[i].at(count)) differences.push_back({fmt::format("layer {}, {}", i + 1, count), left[i].at(count).dump(), right[i].at(count).dump()});
    }
    return differences;
}

// The weight matrices of a layer of both files, where the architectures agree.
struct LayerDistance {
    std::string layer;   ///< its name in A
    double relative = 0; ///< Frobenius norm of the difference over that of A
    double signs = 0;    ///< share of weights of one sign
};
constexpr const char* distance_measures = "fro_dist,frobenius_norm,sign_agreement[sparsity=0]";

// From the measures of A with B in the place of its initial weights; `why` says why there are none.
std::vector<LayerDistance> distances_of(const Json& measured, std::string& why) {
    std::map<std::string, double> values;
    std::vector<std::string> layers;
    for (const Json& value : measured.at("values")) {
        const std::string measure = value.at("measure").get<std::string>(), layer = value.at("layer").get<std::string>();
        if (value.at("status") != "ok") {
            if (measure == "fro_dist" && layer.empty()) why = value.value("reason", "");
            continue;
        }
        if (layer.empty()) continue;
        if (measure == "fro_dist") layers.push_back(layer);
        values[measure + " " + layer] = number_from_json(value.at("value"));
    }
    std::vector<LayerDistance> distances;
    for (const std::string& layer : layers) {
        const auto of = [&](const std::string& measure) {
            const auto at = values.find(measure + " " + layer);
            return at == values.end() ? std::numeric_limits<double>::quiet_NaN() : at->second;
        };
        distances.push_back({layer, std::sqrt(of("fro_dist")) / of("frobenius_norm"), of("sign_agreement")});
    }
    return distances;
}

bool decided(char one) { return one == 'a' || one == 'b'; }

std::optional<bool> right(const Row& row, char truth) {
    if (!decided(truth) || !decided(row.prefers)) return std::nullopt;
    return row.prefers == truth;
}

Json preferred(char one) { return one == 'a' ? Json("a") : one == 'b' ? Json("b") : one == '=' ? Json("equal") : Json(nullptr); }

struct Comparison {
    std::string a, b;
    bool identical = false;
    std::vector<Difference> differences;
    std::vector<Row> rows;
    std::vector<LayerDistance> layers{};
    std::string why_no_layers{};
    Truth truth{};
};

Json to_json(const Comparison& comparison) {
    Json json{{"a", comparison.a}, {"b", comparison.b}, {"identical", comparison.identical}, {"smaller_gap", preferred(comparison.truth.gap)}, {"better_on_test", preferred(comparison.truth.test)},
              {"differences", Json::array()}, {"measures", Json::array()}};
    for (const Difference& one : comparison.differences) json["differences"].push_back({{"what", one.what}, {"a", one.a}, {"b", one.b}});
    json["layers"] = Json::array();
    for (const LayerDistance& one : comparison.layers)
        json["layers"].push_back({{"layer", one.layer}, {"relative_distance", number_to_json(one.relative)}, {"sign_agreement", number_to_json(one.signs)}});
    json["layers_reason"] = comparison.why_no_layers;
    const auto judged = [](const Row& row, char truth) {
        const std::optional<bool> is_right = right(row, truth);
        return is_right ? Json(*is_right) : Json(nullptr);
    };
    for (const Row& row : comparison.rows) {
        json["measures"].push_back({{"measure", row.measure}, {"convention", row.convention}, {"parameters", row.parameters}, {"a", number_to_json(row.a)}, {"b", number_to_json(row.b)},
                                    {"difference", number_to_json(row.b - row.a)}, {"relative", number_to_json(row.relative())}, {"prefers", preferred(row.prefers)},
                                    {"needs_test_labels", row.truth}, {"right_on_gap", judged(row, comparison.truth.gap)},
                                    {"right_on_test", judged(row, comparison.truth.test)}});
    }
    return json;
}

void print_csv(const Comparison& comparison) {
    fmt::print("measure,a,b,difference,relative,prefers,right_on_gap,right_on_test\n");
    const auto judged = [](const Row& row, char truth) {
        const std::optional<bool> is_right = right(row, truth);
        return is_right ? (*is_right ? "true" : "false") : "";
    };
    for (const Row& row : comparison.rows) {
        const Json prefers = preferred(row.prefers);
        fmt::print("{},{:.17g},{:.17g},{:.17g},{:.17g},{},{},{}\n", store::csv_cell(row.name()), row.a, row.b, row.b - row.a, row.relative(), prefers.is_null() ? "" : prefers.get<std::string>(),
                   judged(row, comparison.truth.gap), judged(row, comparison.truth.test));
    }
}

void print(const Comparison& comparison) {
    fmt::print("A: {}\nB: {}\n", printable(comparison.a), printable(comparison.b));
    if (comparison.identical) fmt::print("The files are the same, byte for byte.\n");
    else if (comparison.differences.empty()) fmt::print("The files agree in what they say of themselves and in their layers; the weights differ.\n");
    for (const Difference& one : comparison.differences) fmt::print("{}", wrapped(fmt::format("{}: A {} | B {}", one.what, printable(one.a), printable(one.b)), "  "));
    if (!comparison.layers.empty() && !comparison.identical) {
        Table layers({{"weights of layer", Table::Align::left}, {"|A - B| / |A|"}, {"signs alike"}});
        for (const LayerDistance& one : comparison.layers) layers.add({one.layer, significant(one.relative, 3), percent(one.signs, 1)});
        fmt::print("\n{}", layers.text());
    } else if (!comparison.why_no_layers.empty()) {
        fmt::print("{}", wrapped("The weights are not compared layer by layer: " + comparison.why_no_layers, "  "));
    }
    const Truth& truth = comparison.truth;
    Table table({{"measure", Table::Align::left}, {"A"}, {"B"}, {"(B-A)/max"}, {"prefers"}, {decided(truth.gap) ? "right: gap" : ""}, {decided(truth.test) ? "test" : ""}});
    std::size_t for_a = 0, for_b = 0, wrong_on_gap = 0, wrong_on_test = 0;
    std::vector<const Row*> order;
    for (const Row& row : comparison.rows) order.push_back(&row);
    std::stable_sort(order.begin(), order.end(), [](const Row* x, const Row* y) {
        const auto opinion = [](const Row* row) { return row->prefers == 'a' || row->prefers == 'b'; };
        if (opinion(x) != opinion(y)) return opinion(x);
        return opinion(x) && std::abs(x->relative()) > std::abs(y->relative());
    });
    for (const Row* row : order) {
        const auto judged = [&](char one, std::size_t& wrong) {
            const std::optional<bool> is_right = right(*row, one);
            wrong += is_right && !*is_right;
            return std::string(is_right ? (*is_right ? "yes" : "no") : "");
        };
        const std::string on_gap = judged(truth.gap, wrong_on_gap), on_test = judged(truth.test, wrong_on_test);
        for_a += row->prefers == 'a';
        for_b += row->prefers == 'b';
        table.add({row->name(), significant(row->a, 5), significant(row->b, 5), fmt::format("{:+.1f} %", 100 * row->relative()),
                   row->prefers == 'a' ? "A" : row->prefers == 'b' ? "B" : row->prefers == '=' ? "equal" : "", row->truth ? "(answer)" : on_gap, on_test});
    }
    fmt::print("\n{}", table.text());
    fmt::print("{}", wrapped(fmt::format("{} measures prefer A, {} prefer B, by the direction in which each is held to go with the generalisation gap; measures without one have no "
                                         "preference. (B-A)/max: the difference over the larger of both magnitudes.", for_a, for_b)));
    const auto say = [&](char one, const char* words, std::size_t wrong) {
        if (decided(one)) fmt::print("{}", wrapped(fmt::format(fmt::runtime(words), one == 'a' ? "A" : "B", wrong, for_a + for_b)));
    };
    say(truth.gap, "{} has the smaller gap in truth; {} of {} measures prefer the other.", wrong_on_gap);
    say(truth.test, "{} is better on the test data; {} of {} measures prefer the other.", wrong_on_test);
    if (decided(truth.gap) && decided(truth.test) && truth.gap != truth.test)
        fmt::print("{}", wrapped("The smaller gap and the better test accuracy are of different models here: a measure cannot be right on both, and it is the gap that its direction speaks of."));
    else if (truth.gap == ' ' && decided(truth.test))
        fmt::print("{}", wrapped("The gap is not known here, for want of training data: a measure that speaks of it may be right where it disagrees with the test accuracy."));
    else if (truth.gap == ' ' && truth.test == ' ')
        fmt::print("Which is better in truth is not known here: --data with labelled test data tells.\n");
}

int run(const std::vector<std::string>& words) {
    ModelOptions model;
    std::string list = "all", init_a, init_b;
    std::int64_t train_rows = 0, samples = 0;
    po::options_description description("Options");
    description.add_options()
        ("measures", po::value(&list)->value_name("LIST"), "names, families or all (what states no cost); `assay measures` lists them (all)")
        ("init-a", po::value(&init_a)->value_name("FILE"), "the initial weights of A")
        ("init-b", po::value(&init_b)->value_name("FILE"), "the initial weights of B")
        ("train-rows", po::value(&train_rows)->value_name("N"), "both were trained on the first N rows of train/ (all)")
        ("samples", po::value(&samples)->value_name("N"), "at most N rows of each split, by a seeded shuffle (all)")
        ("csv", po::bool_switch(), "print CSV");
    model.add_to(description);
    const auto values = parse({"assay compare A B [options]",
                               "Which of two checkpoints does each measure prefer, and by how much; and what differs in the files. With labelled data also "
                               "which has the smaller gap and which is better on the test data in truth, and which measures have it wrong.",
                               {"assay compare epoch-05.h5 epoch-20.h5", "assay compare a.h5 b.h5 --data mnist.h5 --scale 1/255 --init-a a.init.h5 --init-b b.init.h5"},
                               "FILE", true}, description, words);
    if (!values) return 0;
    const auto files = (*values)["FILE"].as<std::vector<std::string>>();
    if (files.size() != 2) throw Error(ErrorKind::usage, {"assay compare", "two checkpoints", std::to_string(files.size())});
    const bool csv = (*values)["csv"].as<bool>(), json = (*values)["json"].as<bool>();
    if (csv && json) throw Error(ErrorKind::usage, {"--csv", "no --json beside it", "both"});
    Json measured[2], inspected[2];
    for (int k = 0; k < 2; ++k) {
        const std::string& file = files[static_cast<std::size_t>(k)];
        Json arguments = model.arguments(file);
        arguments["layer_table"] = "";
        arguments["init"] = k == 0 ? init_a : init_b;
        arguments["measures"] = measure_words(list);
        arguments["train_rows"] = values->contains("train-rows") ? Json{{"take", "first"}, {"count", train_rows}} : Json();
        arguments["samples"] = samples;
        arguments["seed"] = 0;
        measured[k] = model.run("measure_model", arguments);
        if (measured[k].value("status", "") == "not_a_model") throw Error(ErrorKind::format, {file, "a checkpoint", "a file that no format claims"});
        Json inspection = model.arguments(file);
        inspection["data"] = "";
        inspected[k] = model.run("inspect", inspection);
    }
    Comparison comparison{files[0], files[1], measured[0].at("content") == measured[1].at("content"), differences_of(inspected[0], inspected[1]), rows_of(measured[0], measured[1])};
    comparison.truth = truth_of(comparison.rows);
    Json arguments = model.arguments(files[0]);
    arguments.update({{"data", ""}, {"layer_table", "with"}, {"init", files[1]}, {"measures", measure_words(distance_measures)}, {"train_rows", Json()}, {"samples", 0}, {"seed", 0}});
    comparison.layers = distances_of(model.run("measure_model", arguments), comparison.why_no_layers);
    if (json) print_json(to_json(comparison));
    else if (csv) print_csv(comparison);
    else print(comparison);
    return 0;
}

}  // namespace

extern const Verb compare{.name = "compare", .summary = "which of two checkpoints does each measure prefer, and what differs in the files", .run = run};

}  // namespace assay::tools::verbs
