// `assay mask` as a user runs it, on the bundled zoo.

#include "formats/format.hpp"
#include "formats/hdf5.hpp"
#include "formats/mask_file.hpp"
#include "libanalysis/core/hash.hpp"
#include "libanalysis/core/json.hpp"
#include "libanalysis/pruning/mask.hpp"
#include "tests/support/python.hpp"

#include <cstdlib>

namespace assay::pruning {
namespace {

using test::program;
using test::run;

std::string zoo(const std::string& name) { return (test::source_folder() / "examples/mnist-grid" / name).string(); }
const std::string trained = zoo("grid_0034.h5"), initial = zoo("grid_0034.init.weights.h5"), data_file = zoo("data.h5");

test::ProcessResult mask(std::vector<std::string> words) {
    words.insert(words.begin(), {program(), "mask"});
    return run(words);
}

Json mask_json(std::vector<std::string> words) {
    words.push_back("--json");
    const auto done = mask(words);
    EXPECT_EQ(done.exit_code, 0) << done.out << done.err;
    return parse_json(done.out, "mask");
}

const std::vector<std::uint8_t>& mask_named(const formats::MaskFile& file, const std::string& parameter) {
    for (const auto& entry : file.masks)
        if (entry.parameter == parameter) return entry.kept;
    throw std::runtime_error("no mask of " + parameter);
}

TEST(MaskVerb, WritesMasksThatSayHowTheyWereMade) {
    const test::Scratch scratch;
    const std::string out = scratch / "mask.h5";
    const Json result = mask_json({trained, "--method", "magnitude_global", "--sparsity", "0.9", "-o", out});
    const formats::MaskFile file = formats::read_masks(out);
    EXPECT_EQ(file.method, "magnitude_global");
    EXPECT_EQ(file.sparsity, 0.9);
    EXPECT_EQ(file.seed, 0u);
    EXPECT_EQ(file.model_hash, hash_file(trained));
    EXPECT_EQ(file.weights_hash, file.model_hash);
    EXPECT_FALSE(file.convention.empty());
    const model::Model model = formats::load_model(trained);
    const Masks expected = keep_highest(magnitudes(model, model.weights), 0.9);
    std::size_t kept_weights = 0;
    ASSERT_EQ(file.masks.size(), prunable(model).size());
    for (const std::size_t i : prunable(model)) {
        EXPECT_EQ(mask_named(file, model.parameters[i].name), expected[i]);
        kept_weights += kept(expected[i]);
    }
    EXPECT_EQ(result.at("kept"), kept_weights);
    EXPECT_EQ(result.at("layer_collapse"), false);
    EXPECT_EQ(result.at("layers").size(), file.masks.size());
}

TEST(MaskVerb, ScoresInitialWeightsWhereAskedTo) {
    const test::Scratch scratch;
    mask_json({trained, "--method", "snip", "--sparsity", "0.8", "--init", initial, "--data", data_file, "--scale", "1/255", "--samples", "300", "-o", scratch / "a.h5"});
    const formats::MaskFile file = formats::read_masks(scratch / "a.h5");
    EXPECT_EQ(file.weights_hash, hash_file(initial));
    EXPECT_NE(file.objective.find("cross_entropy, mean over 300 rows"), std::string::npos) << file.objective;
    const model::Model model = formats::load_model(trained);
    mask_json({trained, "--method", "magnitude_layer", "--sparsity", "0.8", "--init", initial, "-o", scratch / "b.h5"});
    const Masks expected = keep_highest_in_each(magnitudes(model, formats::load_weights_for(model, initial)), 0.8);
    const formats::MaskFile by_layer = formats::read_masks(scratch / "b.h5");
    for (const std::size_t i : prunable(model)) EXPECT_EQ(mask_named(by_layer, model.parameters[i].name), expected[i]);
}

TEST(MaskVerb, GivesTheSameMaskForASeedAndAnyNumberOfThreads) {
    const test::Scratch scratch;
    const auto bytes = [&](std::vector<std::string> words) {
        const std::string out = scratch / "mask.h5";
        words.insert(words.begin(), {trained, "--sparsity", "0.9", "-o", out});
        mask_json(words);
        return test::read_file(out);
    };
    EXPECT_EQ(bytes({"--method", "random", "--seed", "5"}), bytes({"--method", "random", "--seed", "5"}));
    EXPECT_NE(bytes({"--method", "random", "--seed", "5"}), bytes({"--method", "random", "--seed", "6"}));
    const std::vector<std::string> grasp{"--method", "grasp", "--data", data_file, "--scale", "1/255", "--samples", "200", "--seed", "3"};
    auto one = grasp, two = grasp, other = grasp;
    one.insert(one.end(), {"--threads", "1"});
    two.insert(two.end(), {"--threads", "2"});
    other.back() = "4";
    EXPECT_EQ(bytes(one), bytes(two));
    EXPECT_NE(bytes(one), bytes(other)) << "other rows";
}

TEST(MaskVerb, AtSparsityZeroKeepsAllAndNearOneLeavesOne) {
    const std::size_t weights = mask_json({trained, "--method", "random", "--sparsity", "0"}).at("weights");
    for (const char* method : {"magnitude_global", "magnitude_layer", "random", "synflow"})
        EXPECT_EQ(mask_json({trained, "--method", method, "--sparsity", "0"}).at("kept"), weights) << method;
    const Json last = mask_json({trained, "--method", "magnitude_global", "--sparsity", "0.999999"});
    EXPECT_EQ(last.at("kept"), 1u);
    EXPECT_EQ(last.at("layer_collapse"), true);
    EXPECT_EQ(last.at("effective"), 0u);
    const auto table = mask({trained, "--method", "magnitude_global", "--sparsity", "0.999999"});
    EXPECT_NE(table.out.find("collapsed"), std::string::npos) << table.out;
    EXPECT_EQ(mask_json({trained, "--method", "magnitude_layer", "--sparsity", "0.999999"}).at("layer_collapse"), false);
}

TEST(MaskVerb, RefusesRequestsThatMakeNoSense) {
    const test::Scratch scratch;
    const auto refused = [&](std::vector<std::string> words, const std::string& because, int code = 2) {
        const auto done = mask(words);
        EXPECT_EQ(done.exit_code, code) << done.out << done.err;
        EXPECT_NE(done.err.find(because), std::string::npos) << done.err;
    };
    for (const char* sparsity : {"1", "-0.1", "1.5", "nan"}) refused({trained, "--method", "random", std::string("--sparsity=") + sparsity}, "--sparsity");
    refused({trained, "--method", "magnitude", "--sparsity", "0.5"}, "magnitude_global, magnitude_layer, random, snip, grasp, synflow, n_of_m");
    refused({trained, "--sparsity", "0.5"}, "--method");
    refused({trained, "--method", "random"}, "--sparsity");
    refused({trained, "--method", "snip", "--sparsity", "0.5"}, "--data");
    refused({trained, "--method", "grasp", "--sparsity", "0.5"}, "--data");
    refused({trained, "--method", "n_of_m", "--sparsity", "0.5"}, "--pattern");
    refused({trained, "--method", "n_of_m", "--pattern", "5:4"}, "--pattern");
    refused({trained, "--method", "random", "--sparsity", "0.5", "--pattern", "2:4"}, "--pattern");
    refused({trained, "--method", "random", "--sparsity", "0.5", "-o", initial, "--init", initial}, "another file");
    refused({trained, "--method", "random", "--sparsity", "0.5", "-o", (scratch / "no/such.h5")}, "folder", 73);
    refused({trained, "--apply", scratch / "m.h5"}, "-o FILE");
    refused({trained, "--apply", scratch / "m.h5", "-o", scratch / "o.h5", "--method", "random"}, "--method");
    refused({trained, "--apply", scratch / "m.h5", "-o", scratch / "o.h5", "--ticket"}, "--init");
    refused({trained, "--apply", scratch / "m.h5", "-o", scratch / "o.h5", "--init", initial}, "--ticket");
    refused({trained, "--ticket", "--method", "random", "--sparsity", "0.5"}, "--apply");
    refused({trained, "--apply", scratch / "m.h5", "-o", scratch / "o.h5"}, "m.h5", 66);
    refused({trained, "--apply", data_file, "-o", scratch / "o.h5"}, "a file of masks", 65);
    refused({initial, "--method", "synflow", "--sparsity", "0.5"}, "--architecture", 66);
    EXPECT_FALSE(std::filesystem::exists(scratch / "o.h5"));
}

TEST(ApplyMask, WritesACopyWithTheMaskedWeightsAndLeavesTheInputAlone) {
    const test::Scratch scratch;
    const std::string before = hash_file(trained);
    mask_json({trained, "--method", "magnitude_global", "--sparsity", "0.95", "-o", scratch / "mask.h5"});
    const Json result = mask_json({trained, "--apply", scratch / "mask.h5", "-o", scratch / "sparse.h5"});
    EXPECT_EQ(hash_file(trained), before);
    EXPECT_EQ(result.at("content"), hash_file(scratch / "sparse.h5"));
    const model::Model dense = formats::load_model(trained), sparse = formats::load_model(scratch / "sparse.h5");
    const model::Weights expected = masked(dense.weights, keep_highest(magnitudes(dense, dense.weights), 0.95));
    for (std::size_t i = 0; i < dense.parameters.size(); ++i) EXPECT_EQ(sparse.weights[i].to_double(), expected[i].to_double()) << dense.parameters[i].name;
    const formats::hdf5::File one(trained), other(scratch / "sparse.h5");
    EXPECT_EQ(other.text("model_config"), one.text("model_config"));
    EXPECT_EQ(other.has_group("optimizer_weights"), one.has_group("optimizer_weights"));
    // Masks twice applied change nothing more.
    mask_json({scratch / "sparse.h5", "--apply", scratch / "mask.h5", "-o", scratch / "again.h5"});
    EXPECT_EQ(test::read_file(scratch / "again.h5"), test::read_file(scratch / "sparse.h5"));

    const auto over = mask({trained, "--apply", scratch / "mask.h5", "-o", trained});
    EXPECT_EQ(over.exit_code, 2) << over.err;
    EXPECT_EQ(hash_file(trained), before);
    const auto foreign = mask({zoo("grid_0053.h5"), "--apply", scratch / "mask.h5", "-o", scratch / "x.h5"});
    EXPECT_EQ(foreign.exit_code, 65) << foreign.err;
    EXPECT_NE(foreign.err.find("another architecture"), std::string::npos) << foreign.err;
    EXPECT_FALSE(std::filesystem::exists(scratch / "x.h5"));
}

TEST(ApplyMask, WithATicketWritesMaskedInitialWeights) {
    const test::Scratch scratch;
    mask_json({trained, "--method", "magnitude_layer", "--sparsity", "0.8", "-o", scratch / "mask.h5"});
    const Json result = mask_json({trained, "--apply", scratch / "mask.h5", "--ticket", "--init", initial, "-o", scratch / "ticket.h5"});
    EXPECT_EQ(result.at("ticket"), true);
    const model::Model dense = formats::load_model(trained), ticket = formats::load_model(scratch / "ticket.h5");
    const model::Weights expected = masked(formats::load_weights_for(dense, initial), keep_highest_in_each(magnitudes(dense, dense.weights), 0.8));
    bool moved = false;
    for (std::size_t i = 0; i < dense.parameters.size(); ++i) {
        EXPECT_EQ(ticket.weights[i].to_double(), expected[i].to_double()) << dense.parameters[i].name;
        moved |= dense.parameters[i].role == model::Role::bias && ticket.weights[i].to_double() != dense.weights[i].to_double();
    }
    EXPECT_TRUE(moved) << "biases are initial ones too";
    EXPECT_FALSE(formats::hdf5::File(scratch / "ticket.h5").has_group("optimizer_weights"));
}

TEST(ApplyMask, WorksOnWeightsWithoutAnArchitecture) {
    const test::Scratch scratch;
    mask_json({initial, "--method", "magnitude_global", "--sparsity", "0.5", "-o", scratch / "mask.h5"});
    mask_json({initial, "--apply", scratch / "mask.h5", "-o", scratch / "sparse.weights.h5"});
    const model::Model dense = formats::load_model(initial), sparse = formats::load_model(scratch / "sparse.weights.h5");
    const model::Weights expected = masked(dense.weights, keep_highest(magnitudes(dense, dense.weights), 0.5));
    for (std::size_t i = 0; i < dense.parameters.size(); ++i) EXPECT_EQ(sparse.weights[i].to_double(), expected[i].to_double());
}

TEST(ApplyMask, IsLoadedByKerasWithTheAccuracyThatAssayGives) {
    setenv("KERAS_BACKEND", "torch", 0);   // Keras cannot be imported without one
    ASSAY_NEEDS_PYTHON("keras, h5py, torch");
    const test::Scratch scratch;
    mask_json({trained, "--method", "magnitude_global", "--sparsity", "0.98", "-o", scratch / "mask.h5"});
    mask_json({trained, "--apply", scratch / "mask.h5", "-o", scratch / "sparse.h5"});
    mask_json({trained, "--apply", scratch / "mask.h5", "--ticket", "--init", initial, "-o", scratch / "ticket.h5"});
    for (const char* name : {"sparse.h5", "ticket.h5"}) {
        const auto measured = run({program(), "measure", scratch / name, "--measures", "train_accuracy", "--data", data_file, "--scale", "1/255", "--json"});
        ASSERT_EQ(measured.exit_code, 0) << measured.err;
        const double accuracy = parse_json(measured.out, "measure").at("values").at(0).at("value");
        const auto done = run({test::python(), (test::source_folder() / "tests/pruning/keras_accuracy.py").string(), scratch / name, data_file});
        ASSERT_EQ(done.exit_code, 0) << done.out << done.err;
        const Json keras = parse_json(done.out.substr(done.out.find('{')), "keras");
        EXPECT_NEAR(keras.at("accuracy").get<double>(), accuracy, 1e-12) << name;
        const std::size_t weights = keras.at("weights");
        EXPECT_EQ(keras.at("nonzero"), weights - pruned_count(0.98, weights)) << name;
    }
}

}  // namespace
}  // namespace assay::pruning
