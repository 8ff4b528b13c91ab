// Real Keras models, HDF5 and .keras, against the frameworks that they were made with: outputs, statistics of every layer, norms of the
// weights. Every complete file agrees, or is refused for a class of layer in the table below.

#include "formats/format.hpp"
#include "formats/hdf5.hpp"
#include "libanalysis/core/json.hpp"
#include "libanalysis/engine/network.hpp"
#include "libanalysis/engine/tape.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <set>

namespace assay {
namespace {

namespace fs = std::filesystem;

// The rule that made the inputs: u(i) = ((i * 2654435761 + seed) mod 2^32) / 2^32, element by element in C order.
std::vector<double> rule_inputs(const Json& input) {
    const std::uint64_t seed = input.at("seed").get<std::uint64_t>();
    const Shape shape = input.at("shape").get<Shape>();
    std::vector<double> values(static_cast<std::size_t>(element_count(shape)));
    const double scale = input.value("scale", 1.0), offset = input.value("offset", 0.0);
    for (std::uint64_t i = 0; i < values.size(); ++i) {
        const auto bits = static_cast<std::uint32_t>(i * 2654435761ULL + seed);
        if (input.contains("range"))
            values[i] = static_cast<double>((bits * input.at("range").get<std::uint64_t>()) >> 32);
        else
            values[i] = static_cast<float>(bits * 0x1.0p-32 * scale + offset);
    }
    if (input.contains("mask")) {
        const Json& mask = input.at("mask");
        const std::size_t steps = static_cast<std::size_t>(shape.at(1)), width = values.size() / static_cast<std::size_t>(shape[0]) / steps;
        for (std::size_t n = 1; n < static_cast<std::size_t>(shape[0]); n += 2)
            for (std::size_t t = mask.at("from_step").get<std::size_t>(); t < steps; ++t)
                for (std::size_t k = 0; k < width; ++k) values[(n * steps + t) * width + k] = mask.at("value").get<double>();
    }
    return values;
}

std::vector<double> expected_values(const Json& output, const fs::path& folder) {
    if (output.contains("values_double")) {
        std::vector<double> values;
        for (const Json& value : output.at("values_double")) values.push_back(number_from_json(value));
        return values;
    }
    const formats::hdf5::File store(folder / "expected.h5");
    return store.dataset(output.at("dataset_double").get<std::string>()).read<double>();
}

/// A class of layer, or a setting of one, that Assay does not have, and why.
struct Missing { std::string_view name, reason; };
constexpr Missing missing[] = {
    {"Lambda", "Python byte code, which is never run"},
    {"BNN", "a class of model of its own"},
    {"FixedPointQuantizer", "a class of its own"},
    {"GarNet", "a class of its own"},
    {"GarNetStack", "a class of its own"},
    {"QActivation", "a class of its own"},
    {"QConv2DBatchnorm", "a class of its own"},
    {"QDense", "a class of its own"},
    {"TransformerBlock", "a class of its own"},
};

/// Files whose Lambda layers are told: by the formulas that the framework ran in their place, x^2 and then 3 x.
const std::map<std::string, std::map<std::string, std::string>> told = {
    {"model_lambda.h5", {{"lambda_3", "square"}, {"lambda_4", "3*x"}}},
    {"sequential_lambda.h5", {{"lambda_1", "square"}, {"lambda_2", "3*x"}}},
};

/// A complete Keras file: its row in the manifest, and what a framework found where one could run it.
struct File {
    std::string name, sha256;
    fs::path path;
    std::optional<Json> expected;
    /// What single precision may cost: the bound, or twice what the framework's own float32 is off from its float64 where that is more.
    double bound() const { return std::max(test::foreign, 2 * (expected && expected->contains("float32_error") ? number_from_json(expected->at("float32_error")) : 0)); }
    bool has_outputs() const { return expected && expected->contains("outputs") && (expected->at("status") == "ok" || expected->at("status") == "mapped"); }
};

fs::path models() { return test::shared_folder() / "models"; }

std::vector<File> complete_files() {
    std::vector<File> files;
    for (const Json& row : parse_json(test::read_file(models() / "public/manifest.json"), "manifest")) {
        if (row.at("kind") != "keras_whole" && row.at("kind") != "keras_zip") continue;
        File file{row.at("file"), row.at("sha256"), models() / "public" / row.at("file").get<std::string>(), std::nullopt};
        std::string id = file.name;
        for (std::size_t at = 0; (at = id.find('/', at)) != std::string::npos;) id.replace(at, 1, "__");
        if (const fs::path expected = models() / "expected" / (id + ".json"); fs::exists(expected)) file.expected = parse_json(test::read_file(expected), id);
        files.push_back(std::move(file));
    }
    return files;
}

/// A network with its inputs by the rule, run forward. Where no framework says the shapes, open sides are 64 and open steps 16.
class Run {
public:
    Run(const File& file, const model::Model& model, engine::DType precision)
        : inputs_(file.has_outputs() ? file.expected->at("inputs") : rule_for(file, model)),
          network_(model, {.precision = precision, .logits = false, .input_shapes = shapes()}),
          backend_(engine::make_cpu_backend()) {
        engine::make_thread_serial();
        parameters_ = network_.pack(*backend_, model.weights);
        engine::Batch batch;
        batch.size = inputs_.at(0).at("shape").at(0).get<std::int64_t>();
        for (std::size_t i = 0; i < inputs_.size(); ++i) batch.inputs.push_back(backend_->from_host(rule_inputs(inputs_[i]), network_.input_types()[i]));
        tape_.emplace(network_.forward(*backend_, parameters_.view(), std::move(batch)));
    }
    std::vector<double> output(std::size_t index) const { return backend_->to_host(tape_->network_output(index)); }
    std::size_t outputs() const { return network_.output_names().size(); }
    /// The node of a layer's last call.
    std::optional<std::size_t> node_of(const std::string& layer) const {
        std::optional<std::size_t> last;
        const auto& names = network_.node_names();
        for (std::size_t node = 0; node < names.size(); ++node)
            if (names[node] == layer || names[node].starts_with(layer + "#")) last = node;
        return last;
    }
    std::vector<double> values(std::size_t node) const { return backend_->to_host(tape_->output(node)); }
    Shape shape(std::size_t node) const {
        Shape shape = network_.node_shape(node);
        shape.insert(shape.begin(), tape_->batch());
        return shape;
    }

private:
    static Json rule_for(const File& file, const model::Model& model) {
        Json inputs = Json::array();
        if (!model.architecture) return inputs;   // the network says so
        for (const std::size_t vertex : model.architecture->inputs) {
            const Json& attributes = model.architecture->graph[vertex].attributes;
            Json shape = attributes.at("shape");
            for (Json& extent : shape)
                if (extent == -1) extent = shape.size() == 3 ? 64 : 16;
            shape.insert(shape.begin(), 3);
            Json input{{"shape", shape}, {"seed", std::stoull(file.sha256.substr(0, 8), nullptr, 16) + 1000003 * inputs.size()}};
            if (attributes.at("dtype") == "int32") input["range"] = 2;
            inputs.push_back(std::move(input));
        }
        return inputs;
    }
    std::vector<Shape> shapes() const {
        std::vector<Shape> shapes;
        for (const Json& input : inputs_) {
            const Shape shape = input.at("shape").get<Shape>();
            shapes.emplace_back(shape.begin() + 1, shape.end());
        }
        return shapes;
    }

    Json inputs_;
    engine::Network network_;
    std::unique_ptr<engine::Backend> backend_;
    engine::Buffer parameters_;
    std::optional<engine::Tape> tape_;
};

/// max |ours - theirs| / max |theirs| over the outputs.
double distance_of_outputs(const File& file, const Run& run) {
    double worst = 0;
    for (std::size_t i = 0; i < file.expected->at("outputs").size(); ++i) {
        std::vector<double> ours = run.output(i);
        const std::vector<double> theirs = expected_values(file.expected->at("outputs").at(i), models() / "expected");
        if (ours.size() != theirs.size() && !theirs.empty()) {   // long outputs are stored with a stride
            const std::size_t stride = (ours.size() + theirs.size() - 1) / theirs.size();
            std::vector<double> thinned;
            for (std::size_t k = 0; k < ours.size(); k += stride) thinned.push_back(ours[k]);
            ours = thinned;
        }
        const double apart = test::distance(ours, theirs);
        worst = std::isnan(apart) ? apart : std::max(worst, apart);
    }
    return worst;
}

/// Shape, mean, deviation, length, least and largest value of every layer, within 1e-4 of the layer's scale (File::bound); in double precision
/// the length, the one that is stored of such a run, within 1e-6. @return layers compared
std::size_t expect_layers(const File& file, const Run& run, engine::DType precision) {
    std::size_t compared = 0;
    for (const Json& row : file.expected->at("layers")) {
        const std::string layer = row.at("name"), where = file.name + " layer " + layer;
        const auto node = run.node_of(layer);
        if (!node) {
            ADD_FAILURE() << where << " has no node";
            continue;
        }
        const std::vector<double> values = run.values(*node);
        double sum = 0, squares = 0, least = std::numeric_limits<double>::infinity(), largest = -least;
        for (const double x : values) sum += x, squares += x * x, least = std::min(least, x), largest = std::max(largest, x);
        const double count = static_cast<double>(values.size()), mean = sum / count;
        double deviation = 0;
        for (const double x : values) deviation += (x - mean) * (x - mean);
        const auto theirs = [&](const char* key) { return number_from_json(row.at(key)); };
        const double scale = std::max(std::abs(theirs("min")), std::abs(theirs("max")));
        // A layer in which the framework's single precision is off by more (a normalisation of one entry: 0 times 1000) says so itself.
        const double exact = theirs("l2_double"), bound = std::max(file.bound(), exact > 0 ? 4 * std::abs(theirs("l2") / exact - 1) : 0);
        const auto near = [&](const char* key, double ours, double of) { EXPECT_LE(std::abs(ours - theirs(key)), bound * of) << where << " " << key << " " << ours << " " << theirs(key); };
        Shape ours = run.shape(*node), expected = row.at("output_shape").get<Shape>();
        if (ours != expected) {   // a channels-first layer whose output nobody reads in that order
            std::sort(ours.begin(), ours.end());
            std::sort(expected.begin(), expected.end());
        }
        EXPECT_EQ(ours, expected) << where;
        if (precision == engine::DType::float64) {
            EXPECT_LE(std::abs(std::sqrt(squares) - exact), 1e-6 * exact) << where;
        } else {
            near("mean", mean, scale);
            near("std", std::sqrt(deviation / count), scale);
            near("min", least, scale);
            near("max", largest, scale);
            near("l2", std::sqrt(squares), theirs("l2"));
        }
        ++compared;
    }
    return compared;
}

/// What of a model Assay does not have: classes of layers, settings of them, or the class of the model itself.
std::set<std::string> missing_classes(const model::Model& model) {
    std::set<std::string> classes;
    if (model.architecture)
        for (std::size_t v = 0; v < boost::num_vertices(model.architecture->graph); ++v)
            if (model.architecture->graph[v].kind == "unsupported") classes.insert(model.architecture->graph[v].layer_class);
    static constexpr std::string_view of_class = "a model of class ";
    for (const std::string& note : model.notes)
        if (const std::size_t at = note.find(of_class); at != std::string::npos) classes.insert(note.substr(at + of_class.size()));
    return classes;
}

/// Which real file shows that a class of layer is right.
class Coverage {
public:
    void add(const model::Model& model, const std::string& file, bool agrees) {
        std::set<std::string> classes;
        if (model.architecture)
            for (std::size_t v = 0; v < boost::num_vertices(model.architecture->graph); ++v) classes.insert(model.architecture->graph[v].layer_class);
        for (const std::string& name : classes) {
            Row& row = rows_[name];
            ++(agrees ? row.agreeing : row.others);
            if (agrees && row.file.empty()) row.file = file;
        }
    }
    void print() const {
        std::printf("\n%-26s %8s %8s  %s\n", "class", "agreeing", "others", "for example");
        for (const auto& [name, row] : rows_) std::printf("%-26s %8d %8d  %s\n", name.c_str(), row.agreeing, row.others, row.file.c_str());
    }

private:
    struct Row { int agreeing = 0, others = 0; std::string file; };
    std::map<std::string, Row> rows_;
};

void compare_all(engine::DType precision) {
    Coverage coverage;
    std::set<std::string_view> used;
    int total = 0, with_outputs = 0, agree = 0, run_alone = 0, refused = 0;
    std::size_t layers = 0;
    for (const File& file : complete_files()) {
        ++total;
        with_outputs += file.has_outputs();
        model::Model model;
        try {
            const std::string last = file.name.substr(file.name.rfind("__") + 2);
            model = formats::load_model(file.path, {.architecture = {}, .lambdas = told.contains(last) ? told.at(last) : std::map<std::string, std::string>{}});
        } catch (const Error& error) {
            ADD_FAILURE() << file.name << ": " << error.what();
            continue;
        }
        try {
            if (!model.architecture) {
                std::string notes;
                for (const std::string& note : model.notes) notes += note + "; ";
                throw Error(ErrorKind::unsupported, {file.name, "an architecture", notes});
            }
            const Run run(file, model, precision);
            if (file.has_outputs()) {
                const double apart = distance_of_outputs(file, run);
                EXPECT_LE(apart, precision == engine::DType::float64 ? 1e-6 : file.bound()) << file.name;
                std::printf("agrees   %s: %.1e\n", file.name.c_str(), apart);
                layers += expect_layers(file, run, precision);
                ++agree;
            } else {
                for (std::size_t i = 0; i < run.outputs(); ++i)
                    for (const double value : run.output(i)) ASSERT_TRUE(std::isfinite(value)) << file.name;
                std::printf("runs     %s\n", file.name.c_str());
                ++run_alone;
            }
            coverage.add(model, file.name, file.has_outputs());
        } catch (const Error& error) {
            const std::string words = error.what();
            EXPECT_EQ(error.kind(), ErrorKind::unsupported) << words;
            std::string reasons;
            bool named = false;
            for (const std::string& name : missing_classes(model)) {
                const auto why = std::find_if(std::begin(missing), std::end(missing), [&](const Missing& row) { return row.name == name; });
                if (why == std::end(missing)) {
                    ADD_FAILURE() << file.name << ": " << name << " is not supported, and the table has no reason";
                    continue;
                }
                used.insert(why->name);
                named = named || words.find(name) != std::string::npos;
                reasons += " " + name + " (" + std::string(why->reason) + ")";
            }
            EXPECT_TRUE(named) << words << " names none of" << reasons;
            std::printf("refused  %s:%s\n", file.name.c_str(), reasons.c_str());
            coverage.add(model, file.name, false);
            ++refused;
        }
    }
    coverage.print();
    std::printf("%d complete files: %d of %d agree with a framework (%zu layers compared), %d more run, %d are refused\n", total, agree, with_outputs, layers, run_alone, refused);
    EXPECT_EQ(total, 89);
    EXPECT_EQ(with_outputs, 44);
    EXPECT_EQ(agree, 43);
    for (const Missing& row : missing) EXPECT_TRUE(used.contains(row.name)) << row.name << " refuses no file any more: take its row out of the table";
}

TEST(ExpectedOutputs, EveryCompleteKerasFileAgreesInFloat32OrNamesWhatIsMissing) {
    ASSAY_NEEDS_SHARED("models/expected");
    compare_all(engine::DType::float32);
}

TEST(ExpectedOutputs, EveryCompleteKerasFileAgreesInFloat64OrNamesWhatIsMissing) {
    ASSAY_NEEDS_SHARED("models/expected");
    compare_all(engine::DType::float64);
}

}  // namespace
}  // namespace assay
