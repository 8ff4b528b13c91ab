// Real files: every public Keras HDF5 file loads or gives an Error, and the norms of the weights of those loaded are the ones
// that another reader found. All zoo files load.

#include "formats/format.hpp"
#include "libanalysis/core/error.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdio>

namespace assay::formats {
namespace {

namespace fs = std::filesystem;

double frobenius(const model::Tensor& tensor) {
    double sum = 0;
    for (const double value : tensor.to_double()) sum += value * value;
    return std::sqrt(sum);
}

std::size_t unsupported_nodes(const model::Model& model) {
    std::size_t count = 0;
    if (!model.architecture) return 0;
    for (std::size_t v = 0; v < boost::num_vertices(model.architecture->graph); ++v) count += model.architecture->graph[v].kind == "unsupported";
    return count;
}

void expect_norms(const model::Model& model, const Json& rows, const std::string& file) {
    ASSERT_EQ(model.weights.size(), rows.size()) << file;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const double expected = number_from_json(rows[i].at("frobenius"));
        EXPECT_EQ(element_count(model.weights[i].shape), element_count(rows[i].at("shape").get<Shape>())) << file << " " << model.parameters[i].name;
        EXPECT_NEAR_RELATIVE(frobenius(model.weights[i]), expected, 1e-5) << file << " " << model.parameters[i].name << " " << rows[i].at("name");
    }
}

TEST(PublicFiles, LoadWithTheNormsThatOtherReadersFoundOrGiveAnError) {
    ASSAY_NEEDS_SHARED("models/public");
    const fs::path folder = test::shared_folder() / "models";
    const Json manifest = parse_json(test::read_file(folder / "public/manifest.json"), "manifest");
    int loaded = 0, refused = 0, compared = 0, complete = 0;
    for (const Json& row : manifest) {
        const std::string kind = row.at("kind"), name = row.at("file");
        if (kind != "keras_whole" && kind != "keras_weights_legacy") continue;
        try {
            const model::Model model = load_model(folder / "public" / name);
            ++loaded;
            const bool own_class = row.value("class", "") == "BNN";   // a subclass of Model, whose config tells nothing
            EXPECT_EQ(model.architecture.has_value(), kind == "keras_whole" && !own_class) << name;
            EXPECT_EQ(model.weights.size(), model.parameters.size()) << name;
            complete += model.architecture && unsupported_nodes(model) == 0;
            std::string id = name;
            for (std::size_t at = 0; (at = id.find('/', at)) != std::string::npos;) id.replace(at, 1, "__");
            const fs::path expected = folder / "expected" / (id + ".json");
            if (!fs::exists(expected)) continue;
            const Json numbers = parse_json(test::read_file(expected), id);
            const char* key = numbers.contains("weights") ? "weights" : "tensors";
            ++compared;
            expect_norms(model, numbers.at(key), name);
        } catch (const Error& error) {
            ++refused;
            std::printf("refused %s: %s\n", name.c_str(), error.what());
        }
    }
    std::printf("%d loaded (%d with every layer known, %d compared), %d refused\n", loaded, complete, compared, refused);
    EXPECT_EQ(loaded, 116);
    EXPECT_GE(compared, 84);
    EXPECT_GE(complete, 29);
}

void expect_zoo(const char* name, std::size_t expected_models) {
    std::size_t models = 0;
    for (const auto& entry : fs::directory_iterator(test::shared_folder() / "zoo" / name)) {
        const std::string file = entry.path().filename().string();
        if ((entry.path().extension() != ".h5" && entry.path().extension() != ".hdf5") || file == "data.h5" || file.find(".weights.") != std::string::npos) continue;
        const model::Model model = load_model(entry.path());
        EXPECT_EQ(unsupported_nodes(model), 0u) << file;
        ASSERT_TRUE(model.architecture.has_value());
        EXPECT_EQ(model.architecture->inputs.size(), 1u);
        EXPECT_EQ(model.facts.loss, "cross_entropy") << file;
        ++models;
    }
    EXPECT_EQ(models, expected_models);
}

TEST(ZooFiles, OfDnnRepairLoad) {
    ASSAY_NEEDS_SHARED("zoo/dnn-repair-b");
    expect_zoo("dnn-repair-b", 20);
    expect_zoo("dnn-repair-mode", 12);
}

TEST(ZooFiles, OfMnistGridLoad) {
    ASSAY_NEEDS_SHARED("zoo/mnist-grid");
    expect_zoo("mnist-grid", 144);
}

TEST(ZooFiles, OfMnistSmallCnnLoad) {
    ASSAY_NEEDS_SHARED("zoo/mnist-small-cnn");
    const auto start = std::chrono::steady_clock::now();
    expect_zoo("mnist-small-cnn", 500);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::printf("%.2f ms a file\n", seconds * 1000 / 500);
}

}  // namespace
}  // namespace assay::formats
