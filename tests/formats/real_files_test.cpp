// Real files: every public Keras file and the PyTorch state dict in HDF5 load, and the norms of their weights are those that other readers
// found. All zoo files load.

#include "formats/format.hpp"
#include "libanalysis/core/error.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>

namespace assay::formats {
namespace {

namespace fs = std::filesystem;

double squares(const model::Tensor& tensor) {
    double sum = 0;
    for (const double value : tensor.to_double()) sum += value * value;
    return sum;
}

std::size_t unsupported_nodes(const model::Model& model) {
    std::size_t count = 0;
    if (!model.architecture) return 0;
    for (std::size_t v = 0; v < boost::num_vertices(model.architecture->graph); ++v) count += model.architecture->graph[v].kind == "unsupported";
    return count;
}

// Frobenius norms of the arrays: one by one, found by their paths where these are the reader's names too, else by their order. Keras 1 has
// one array a gate where the model has one in all: then the sums agree.
void expect_norms(const model::Model& model, const Json& rows, const std::string& file) {
    std::map<std::string, std::size_t> by_name;   // names in the file, with slashes
    double ours = 0, theirs = 0;
    std::int64_t count = 0, listed = 0;
    for (std::size_t i = 0; i < model.weights.size(); ++i) {
        std::string path = model.parameters[i].path;
        std::replace(path.begin(), path.end(), '\\', '/');
        by_name[path.substr(path.rfind(":/") + 2)] = i;
        ours += squares(model.weights[i]);
        count += model.weights[i].size();
    }
    std::size_t named = 0;
    for (const Json& row : rows) {
        theirs += std::pow(number_from_json(row.at("frobenius")), 2);
        listed += element_count(row.at("shape").get<Shape>());
        named += by_name.contains(row.at("name").get<std::string>());
    }
    EXPECT_EQ(count, listed) << file;
    EXPECT_NEAR_RELATIVE(std::sqrt(ours), std::sqrt(theirs), 1e-6) << file;
    if (rows.size() != model.weights.size()) {
        EXPECT_EQ(model.facts.framework_version.substr(0, 1), "1") << file << ": " << rows.size() << " arrays, " << model.weights.size() << " here";
        return;
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::size_t k = named == rows.size() ? by_name.at(rows[i].at("name").get<std::string>()) : i;
        const double expected = number_from_json(rows[i].at("frobenius"));
        EXPECT_EQ(element_count(model.weights[k].shape), element_count(rows[i].at("shape").get<Shape>())) << file << " " << model.parameters[k].name;
        EXPECT_NEAR_RELATIVE(std::sqrt(squares(model.weights[k])), expected, 1e-6) << file << " " << model.parameters[k].name << " " << rows[i].at("name");
    }
}

TEST(PublicFiles, LoadWithTheNormsThatOtherReadersFound) {
    ASSAY_NEEDS_SHARED("models/public");
    const fs::path folder = test::shared_folder() / "models";
    const Json manifest = parse_json(test::read_file(folder / "public/manifest.json"), "manifest");
    int loaded = 0, compared = 0, complete = 0;
    for (const Json& row : manifest) {
        const std::string kind = row.at("kind"), name = row.at("file");
        const bool whole = kind == "keras_whole" || kind == "keras_zip", torch = name.starts_with("gpspelle__Crowd-Counting");
        if (!whole && kind != "keras_weights_legacy" && kind != "keras3_weights" && !torch) continue;
        try {
            const model::Model model = load_model(folder / "public" / name);
            ++loaded;
            const bool own_class = row.value("class", "") == "BNN";   // a subclass of Model, whose config tells nothing
            EXPECT_EQ(model.architecture.has_value(), whole && !own_class) << name;
            EXPECT_EQ(model.weights.size(), model.parameters.size()) << name;
            complete += model.architecture && unsupported_nodes(model) == 0;
            std::string id = name;
            for (std::size_t at = 0; (at = id.find('/', at)) != std::string::npos;) id.replace(at, 1, "__");
            const fs::path expected = folder / "expected" / (id + ".json");
            if (!fs::exists(expected)) continue;
            const Json numbers = parse_json(test::read_file(expected), id);
            for (const char* key : {"weights", "tensors"}) {   // as a framework holds them, as they lie in the file
                if (!numbers.contains(key)) continue;
                ++compared;
                expect_norms(model, numbers.at(key), name + " " + key);
            }
        } catch (const Error& error) {
            ADD_FAILURE() << name << ": " << error.what();
        }
    }
    std::printf("%d loaded (%d with every layer known), %d lists of norms compared\n", loaded, complete, compared);
    EXPECT_EQ(loaded, 128);
    EXPECT_GE(compared, 130);
    EXPECT_GE(complete, 33);
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
