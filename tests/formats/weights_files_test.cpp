// Files of weights without an architecture, and what is no checkpoint at all.

#include "formats/content.hpp"
#include "formats/hdf5.hpp"
#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>

namespace assay::formats {
namespace {

namespace fs = std::filesystem;
using test::count_up;
using test::dense_arrays;
using test::H5Writer;
using test::keras_layer;
using test::keras_sequential;
using test::KerasFile;
using test::Scratch;
using test::write_file;

KerasFile weights_only() {
    KerasFile file;
    file.layers = {dense_arrays("dense_8", 3, 4), {"dropout", {}}, dense_arrays("dense_10", 4, 2)};
    return file;
}

TEST(WeightsOnly, HaveRolesFromTheirNames) {
    const Scratch scratch;
    weights_only().write(scratch / "w.h5");
    const model::Model model = load_model(scratch / "w.h5");
    EXPECT_EQ(model.format, "keras-weights");
    EXPECT_FALSE(model.architecture.has_value());
    ASSERT_EQ(model.parameters.size(), 4u);
    EXPECT_EQ(model.parameters[0].role, model::Role::kernel);
    EXPECT_EQ(model.parameters[3].role, model::Role::bias);
    EXPECT_EQ(model.parameters[2].name, "dense_10/kernel");
}

TEST(WeightsOnly, TakeAnArchitectureThatLiesElsewhere) {
    const Scratch scratch;
    weights_only().write(scratch / "w.h5");
    const Json config = keras_sequential({3}, Json::array({keras_layer("Dense", "a", {{"units", 4}}), keras_layer("Dropout", "d", {{"rate", 0.5}}), keras_layer("Dense", "b", {{"units", 2}})}));
    write_file(scratch / "model.json", config.dump());
    const model::Model model = load_model(scratch / "w.h5", {.architecture = scratch / "model.json"});
    EXPECT_EQ(kinds(model), "input dense identity dense");
    KerasFile whole;
    whole.config = config;
    whole.layers = {dense_arrays("a", 3, 4), dense_arrays("b", 4, 2)};
    whole.write(scratch / "whole.h5");
    EXPECT_EQ(kinds(load_model(scratch / "w.h5", {.architecture = scratch / "whole.h5"})), "input dense identity dense");
    EXPECT_ERROR(load_model(scratch / "w.h5", {.architecture = scratch / "w.h5"}), ErrorKind::format, "architecture");
    EXPECT_ERROR(load_model(scratch / "w.h5", {.architecture = scratch / "nothing.json"}), ErrorKind::missing, "nothing there");
}

TEST(WeightsOnly, TakeTheJsonOfKerasThreeForWhatItIs) {
    const Scratch scratch;
    weights_only().write(scratch / "w.h5");
    Json config = keras_sequential({3}, Json::array({keras_layer("Dense", "a", {{"units", 4}, {"activation", "hard_sigmoid"}}), keras_layer("Dense", "b", {{"units", 2}})}));
    const auto slope = [&] {
        write_file(scratch / "model.json", config.dump());
        const model::Model model = load_model(scratch / "w.h5", {.architecture = scratch / "model.json"});
        for (const std::size_t vertex : model.architecture->topological_order())
            if (const model::Node& node = model.architecture->graph[vertex]; node.attributes.contains("slope")) return node.attributes.at("slope").get<double>();
        return 0.0;
    };
    EXPECT_EQ(slope(), 0.2);   // Keras 2, with or without a version
    config["module"] = "keras";   // what Keras 3's Model.to_json adds; it names no version
    config["registered_name"] = "Sequential";
    EXPECT_EQ(slope(), 1.0 / 6);
    config["keras_version"] = "2.15.0";   // its last releases have the same keys, and a version
    EXPECT_EQ(slope(), 0.2);
}

TEST(Pgdl, ReadsTheConfigBesideTheWeights) {
    const Scratch scratch;
    weights_only().write(scratch / "weights.hdf5");
    write_file(scratch / "config.json", R"({"model_config": [{"layer_name": "Dense", "units": 4.0, "activation": "tanh"}, {"layer_name": "Dropout", "rate": 0.5},
                                            {"layer_name": "Dense", "units": 2}], "input_shape": [3]})");
    const model::Model model = load_model(scratch / "weights.hdf5");
    EXPECT_EQ(model.format, "pgdl");
    EXPECT_EQ(kinds(model), "input dense activation identity dense");
    EXPECT_EQ(model.facts.from_logits, true);
    EXPECT_EQ(model.facts.loss, "cross_entropy");
    EXPECT_EQ(model.parameters[0].layer, "dense_8");   // the file's names
    EXPECT_EQ(node(model, "dense_10").kind, "dense");
    write_file(scratch / "config.json", R"({"another": "program's"})");
    EXPECT_EQ(load_model(scratch / "weights.hdf5").format, "keras-weights");
}

TEST(Pgdl, ToyModelsLoadWithTheirInitialWeights) {
    ASSAY_NEEDS_SHARED("zoo/pgdl-toy");
    for (int id = 0; id < 18; ++id) {
        const fs::path folder = test::shared_folder() / "zoo/pgdl-toy" / ("model_" + std::to_string(id));
        const model::Model model = load_model(folder / "weights.hdf5");
        EXPECT_EQ(model.format, "pgdl");
        EXPECT_EQ(kinds(model).find("unsupported"), std::string::npos);
        const model::Weights initial = load_weights_for(model, folder / "weights_init.hdf5");
        ASSERT_EQ(initial.size(), model.weights.size());
        double moved = 0;
        for (std::size_t i = 0; i < initial.size(); ++i) {
            EXPECT_EQ(initial[i].shape, model.weights[i].shape);
            for (std::size_t k = 0; k < static_cast<std::size_t>(initial[i].size()); ++k) moved += std::abs(initial[i].at(k) - model.weights[i].at(k));
            if (model.parameters[i].role == model::Role::bias) {
                for (const double value : initial[i].to_double()) EXPECT_EQ(value, 0.0);   // Keras starts biases at zero
            }
        }
        EXPECT_GT(moved, 0.0) << folder;
    }
}

TEST(WeightsFiles, ThatLayoutsDoNotClaimSayWhichObjectIsNotRead) {
    const Scratch scratch;
    const auto with_kernel = [&](const auto& make) {
        {
            H5Writer file(scratch / "w.h5");
            file.array("dense.bias", {2}, {1, 2});
            make(file);
        }
        return test::refusal([&] { load_model(scratch / "w.h5"); });
    };
    const Error linked = with_kernel([&](const H5Writer& file) {
        H5Lcreate_external((scratch / "other.h5").c_str(), "/dense.weight", file.id(), "dense.weight", H5P_DEFAULT, H5P_DEFAULT);
    });
    EXPECT_NE(std::string(linked.what()).find("dense.weight: an external link"), std::string::npos) << linked.what();
    const Error virtual_data = with_kernel([&](const H5Writer& file) {
        const hsize_t extent = 4;
        const test::h5::Space space(H5Screate_simple(1, &extent, nullptr));
        const test::h5::Properties properties(H5Pcreate(H5P_DATASET_CREATE));
        H5Pset_virtual(properties.id(), space.id(), (scratch / "other.h5").c_str(), "dense.weight", space.id());
        const test::h5::ObjectHandle made(H5Dcreate2(file.id(), "dense.weight", H5T_IEEE_F32LE, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT));
    });
    EXPECT_NE(std::string(virtual_data.what()).find("dense.weight: a virtual data set"), std::string::npos) << virtual_data.what();
}

// layers/dense, layers/dense_1, ...: more than ten, so that letters and numbers order differently.
void write_keras_three(const fs::path& path, int count, bool windows = false) {
    H5Writer file(path);
    for (int i = 0; i < count; ++i) {
        const std::string name = i == 0 ? "dense" : "dense_" + std::to_string(i);
        const std::string group = windows ? "layers\\" + name : "layers/" + name;
        file.array(group + "/vars/0", {2, 2}, {1.0 * i, 0, 0, 1});
        file.array(group + "/vars/1", {2}, {100.0 + i, 0});
    }
    file.array("optimizer/vars/0", {}, {5});
}

KerasFile stack_of_dense(int count) {
    KerasFile file;
    Json layers = Json::array();
    for (int i = 0; i < count; ++i) {
        const std::string name = "layer_" + std::to_string(100 - i);   // names that sort against the order
        layers.push_back(keras_layer("Dense", name, {{"units", 2}}));
        file.layers.push_back(dense_arrays(name, 2, 2));
    }
    file.config = keras_sequential({2}, layers);
    return file;
}

TEST(KerasThreeWeights, AreFoundByCountingClassesInTheModelsOrder) {
    const Scratch scratch;
    stack_of_dense(12).write(scratch / "m.h5");
    const model::Model model = load_model(scratch / "m.h5");
    for (const bool windows : {false, true}) {
        write_keras_three(scratch / "m.weights.h5", 12, windows);
        const model::Weights weights = load_weights_for(model, scratch / "m.weights.h5");
        ASSERT_EQ(weights.size(), 24u);
        for (std::size_t i = 0; i < 12; ++i) {
            EXPECT_EQ(weights[2 * i].at(0), static_cast<double>(i)) << windows;
            EXPECT_EQ(weights[2 * i + 1].at(0), 100.0 + static_cast<double>(i));
        }
    }
    const model::Model alone = load_model(scratch / "m.weights.h5");
    EXPECT_EQ(alone.format, "keras-3-weights");
    ASSERT_EQ(alone.parameters.size(), 24u);
    EXPECT_EQ(alone.parameters[0].name, "dense/kernel");
    EXPECT_EQ(alone.parameters[23].name, "dense_11/bias");
    const model::Model with = load_model(scratch / "m.weights.h5", {.architecture = scratch / "m.h5"});
    EXPECT_EQ(with.weights[22].at(0), 11.0);
    EXPECT_EQ(with.parameters[22].layer, "layer_89");
}

TEST(KerasThreeWeights, OfAnotherArchitectureAreRefused) {
    const Scratch scratch;
    stack_of_dense(3).write(scratch / "m.h5");
    const model::Model model = load_model(scratch / "m.h5");
    write_keras_three(scratch / "more.weights.h5", 4);
    EXPECT_ERROR(load_weights_for(model, scratch / "more.weights.h5"), ErrorKind::format, "dense_3");
    write_keras_three(scratch / "less.weights.h5", 2);
    EXPECT_ERROR(load_weights_for(model, scratch / "less.weights.h5"), ErrorKind::format, "expected 6 weights");
}

TEST(KerasThreeWeights, InACircleOfGroupsEnd) {
    const Scratch scratch;
    write_keras_three(scratch / "c.weights.h5", 1);
    {
        const hdf5::FileHandle file(H5Fopen((scratch / "c.weights.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
        H5Lcreate_hard(file.id(), "/layers", file.id(), "/layers/dense/again", H5P_DEFAULT, H5P_DEFAULT);
    }
    EXPECT_ERROR(load_model(scratch / "c.weights.h5"), ErrorKind::format, "circle");
}

TEST(KerasThreeWeights, OfTheMnistGridAreTheInitialOnes) {
    ASSAY_NEEDS_SHARED("zoo/mnist-grid");
    const fs::path folder = test::shared_folder() / "zoo/mnist-grid";
    for (int id = 0; id < 144; id += 13) {
        char name[32];
        std::snprintf(name, sizeof name, "grid_%04d", id);
        const model::Model model = load_model(folder / (std::string(name) + ".h5"));
        const model::Weights initial = load_weights_for(model, folder / (std::string(name) + ".init.weights.h5"));
        ASSERT_EQ(initial.size(), model.parameters.size());
        for (std::size_t i = 0; i < initial.size(); ++i) {
            const model::Parameter& parameter = model.parameters[i];
            EXPECT_EQ(initial[i].shape, parameter.shape);
            double sum = 0, squares = 0;
            for (const double value : initial[i].to_double()) {
                sum += value;
                squares += value * value;
            }
            if (parameter.role == model::Role::bias) {
                EXPECT_EQ(squares, 0.0) << parameter.name;
            }
            if (parameter.layer_class == "Conv2D" && parameter.role == model::Role::kernel) {   // He: variance 2 / fan-in
                const double fan_in = static_cast<double>(parameter.shape[0] * parameter.shape[1] * parameter.shape[2]);
                const auto count = static_cast<double>(initial[i].size());
                EXPECT_NEAR(squares / count * fan_in / 2, 1.0, 6 / std::sqrt(count)) << name << " " << parameter.name;
            }
        }
    }
}

TEST(LoadWeightsFor, TakesLegacyFilesByPositionAndRefusesOthers) {
    const Scratch scratch;
    KerasFile file = stack_of_dense(2);
    file.write(scratch / "m.h5");
    const model::Model model = load_model(scratch / "m.h5");
    KerasFile other;
    other.layers = {dense_arrays("x", 2, 2, 40), {"none", {}}, dense_arrays("b", 2, 2, 60)};
    other.write(scratch / "w.h5");
    EXPECT_EQ(load_weights_for(model, scratch / "w.h5")[2].to_double(), count_up({2, 2}, 60));
    EXPECT_EQ(load_weights_for(model, scratch / "m.h5")[0].to_double(), model.weights[0].to_double());
    other.layers[2] = dense_arrays("b", 2, 3);
    other.write(scratch / "shape.h5");
    EXPECT_ERROR(load_weights_for(model, scratch / "shape.h5"), ErrorKind::format, "shape");
    other.layers.pop_back();
    other.write(scratch / "few.h5");
    EXPECT_ERROR(load_weights_for(model, scratch / "few.h5"), ErrorKind::format, "expected 4 weights");
    other = weights_only();
    other.layers = {dense_arrays("x", 2, 2), {"b", {{"b/bias:0", {2}, {0, 0}}, {"b/kernel:0", {2, 2}, {0, 0, 0, 0}}}}};
    other.write(scratch / "roles.h5");
    EXPECT_ERROR(load_weights_for(model, scratch / "roles.h5"), ErrorKind::format, "a bias");
    EXPECT_ERROR(load_weights_for(model, scratch / "gone.h5"), ErrorKind::missing, "nothing there");
}

TEST(Sniffing, GoesByContentAndSaysWhatElseAFileIs) {
    const Scratch scratch;
    weights_only().write(scratch / "a_model.txt");
    EXPECT_EQ(sniff(scratch / "a_model.txt")->name, "keras-weights");
    EXPECT_TRUE(looks_like_checkpoint(scratch / "a_model.txt"));
    const auto refused = [&](const std::string& name, std::string_view bytes, const char* words) {
        write_file(scratch / name, bytes);
        EXPECT_EQ(sniff(scratch / name), nullptr) << name;
        EXPECT_ERROR(load_model(scratch / name), ErrorKind::format, words);
    };
    refused("empty.h5", "", "an empty file");
    refused("lfs.h5", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n", "git-LFS pointer");
    refused("zip.h5", std::string_view("PK\x03\x04rest", 8), "zip archive");
    refused("words.h5", "once upon a time", "text");
    refused("pickle.pt", std::string_view("\x80\x02}q\x00.", 6), "pickle");
    refused("numbers.bin", std::string_view("\x01\x02\x00\xff", 4), "unknown format");
    const std::string tensors = std::string("\x20\0\0\0\0\0\0\0", 8) + "{\"a\":1}";
    refused("weights.safetensors", tensors, "safetensors");
    EXPECT_TRUE(looks_like_checkpoint(scratch / "empty.h5"));
    EXPECT_TRUE(looks_like_checkpoint(scratch / "zip.h5"));
    EXPECT_TRUE(looks_like_checkpoint(scratch / "pickle.pt"));
    EXPECT_FALSE(looks_like_checkpoint(scratch / "numbers.bin"));
    EXPECT_ERROR(sniff(scratch / "gone.h5"), ErrorKind::missing, "nothing there");
    EXPECT_ERROR(load_model(scratch / "gone.h5"), ErrorKind::missing, "nothing there");
    EXPECT_ERROR(load_model(scratch.path()), ErrorKind::format, "no regular file");
}

TEST(Sniffing, TellsAFileCutShort) {
    const Scratch scratch;
    weights_only().write(scratch / "w.h5");
    const std::string bytes = test::read_file(scratch / "w.h5");
    for (const std::size_t length : {std::size_t{8}, std::size_t{60}, std::size_t{600}, bytes.size() / 2, bytes.size() - 1}) {
        write_file(scratch / "cut.h5", std::string_view(bytes).substr(0, length));
        const Error error = test::refusal([&] { load_model(scratch / "cut.h5"); });
        EXPECT_EQ(error.kind(), ErrorKind::format) << error.what();
        EXPECT_TRUE(looks_like_checkpoint(scratch / "cut.h5"));
        if (length >= 600) {
            EXPECT_NE(std::string(error.what()).find("cut short"), std::string::npos) << error.what();
        }
    }
}

TEST(Sniffing, DoesNotTakeDataForAModel) {
    const Scratch scratch;
    {
        H5Writer file(scratch / "data.h5");
        file.array("train/x", {2, 3}, count_up({2, 3}), H5T_STD_U8LE);
        file.array("train/y", {2}, {0, 1}, H5T_STD_I64LE);
    }
    EXPECT_EQ(sniff(scratch / "data.h5"), nullptr);
    EXPECT_FALSE(looks_like_checkpoint(scratch / "data.h5"));
    EXPECT_ERROR(load_model(scratch / "data.h5"), ErrorKind::format, "a data set");
}

TEST(Catalogue, HasRowsWithDifferentNames) {
    std::vector<std::string_view> names;
    for (const Format* format : catalogue()) {
        EXPECT_FALSE(format->description.empty());
        for (const std::string_view name : names) EXPECT_NE(name, format->name);
        names.push_back(format->name);
    }
    EXPECT_EQ(names.size(), 8u);
}

}  // namespace
}  // namespace assay::formats
