// Keras 1 and earlier: names of arguments, layouts of arrays, models that begin with a Merge, numbered weights.

#include "formats/keras_one.hpp"
#include "formats/keras_one_weights.hpp"
#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"

namespace assay::formats {
namespace {

using test::count_up;
using test::H5Writer;
using test::keras_layer;
using test::KerasFile;
using test::Scratch;

using Config = nlohmann::json;   // compares whatever the order of keys

Config renewed(std::string class_name, const Config& old) {
    Json config = Json::parse(old.dump());
    keras::renew_keras_one(class_name, config);
    config["class_name"] = class_name;
    return Config::parse(config.dump());
}

TEST(KerasOne, NamesBecomeThoseOfKerasTwo) {
    const Config conv = renewed("Convolution2D", {{"nb_filter", 8}, {"nb_row", 3}, {"nb_col", 5}, {"subsample", {2, 1}}, {"border_mode", "same"}, {"dim_ordering", "th"}, {"bias", false}});
    EXPECT_EQ(conv, (Config{{"class_name", "Conv2D"}, {"filters", 8}, {"nb_row", 3}, {"nb_col", 5}, {"kernel_size", {3, 5}}, {"strides", {2, 1}}, {"padding", "same"},
                          {"dim_ordering", "th"}, {"data_format", "channels_first"}, {"use_bias", false}}));
    const Config line = renewed("Convolution1D", {{"nb_filter", 8}, {"filter_length", 3}, {"subsample_length", 2}});
    EXPECT_EQ(line, (Config{{"class_name", "Conv1D"}, {"filters", 8}, {"kernel_size", 3}, {"strides", 2}}));
    EXPECT_EQ(renewed("Convolution3D", {{"kernel_dim1", 1}, {"kernel_dim2", 2}, {"kernel_dim3", 3}})["kernel_size"], (Config{1, 2, 3}));
    EXPECT_EQ(renewed("MaxPooling1D", {{"pool_length", 2}, {"stride", 3}}), (Config{{"class_name", "MaxPooling1D"}, {"pool_size", 2}, {"strides", 3}}));
    EXPECT_EQ(renewed("UpSampling1D", {{"length", 2}})["size"], 2);
    EXPECT_EQ(renewed("LSTM", {{"output_dim", 4}, {"inner_activation", "hard_sigmoid"}}), (Config{{"class_name", "LSTM"}, {"units", 4}, {"recurrent_activation", "hard_sigmoid"}}));
    EXPECT_EQ(renewed("Embedding", {{"output_dim", 4}})["output_dim"], 4);
    EXPECT_EQ(renewed("TimeDistributedDense", {{"output_dim", 4}}), (Config{{"class_name", "Dense"}, {"units", 4}}));
    const Config wrapped = renewed("TimeDistributed", {{"layer", {{"class_name", "Convolution1D"}, {"config", {{"nb_filter", 2}}}}}});
    EXPECT_EQ(wrapped["layer"], (Config{{"class_name", "Conv1D"}, {"config", {{"filters", 2}}}}));
    struct Case { const char *mode, *class_name; };
    for (const Case& one : {Case{"sum", "Add"}, Case{"mul", "Multiply"}, Case{"ave", "Average"}, Case{"max", "Maximum"}, Case{"dot", "Dot"}, Case{"cos", "Dot"}, Case{"concat", "Concatenate"}})
        EXPECT_EQ(renewed("Merge", {{"mode", one.mode}, {"dot_axes", {1, 1}}, {"concat_axis", 1}})["class_name"], one.class_name);
    EXPECT_EQ(renewed("Merge", {{"mode", "cos"}, {"dot_axes", {1, 1}}})["normalize"], true);
    EXPECT_EQ(renewed("Merge", {{"mode", "concat"}, {"concat_axis", 1}})["axis"], 1);
}

keras::StoredTensor array(const std::string& name, Shape shape, std::vector<double> values) { return {name, name, {std::move(shape), "float64", std::move(values)}}; }

keras::Layer layer_of(const std::string& class_name, Json config = Json::object()) {
    keras::Layer layer;
    layer.name = "layer";
    layer.class_name = class_name;
    layer.config = std::move(config);
    return layer;
}

// Gate g has W = 10 g + (0, 1), U = 100 g, b = 1000 g for one unit and two inputs; Keras 1's order of LSTM gates is i, c, f, o.
std::vector<keras::StoredTensor> gates(int count) {
    std::vector<keras::StoredTensor> tensors;
    for (int g = 0; g < count; ++g) {
        tensors.push_back(array("W", {2, 1}, {10.0 * g, 10.0 * g + 1}));
        tensors.push_back(array("U", {1, 1}, {100.0 * g}));
        tensors.push_back(array("b", {1}, {1000.0 * g}));
    }
    return tensors;
}

keras::StoredWeights version_one(bool theano = false) {
    keras::StoredWeights stored;
    stored.version_one = true;
    stored.theano = theano;
    return stored;
}

TEST(KerasOneArrays, OfRecurrentLayersAreJoinedInTheNewOrderOfGates) {
    using Values = std::vector<double>;
    std::vector<keras::StoredTensor> lstm = gates(4);
    keras::renew_arrays(layer_of("LSTM"), version_one(), {}, lstm);
    ASSERT_EQ(lstm.size(), 3u);
    EXPECT_EQ(lstm[0].tensor.shape, (Shape{2, 4}));
    EXPECT_EQ(lstm[0].tensor.to_double(), (Values{0, 20, 10, 30, 1, 21, 11, 31}));
    EXPECT_EQ(lstm[1].tensor.to_double(), (Values{0, 200, 100, 300}));
    EXPECT_EQ(lstm[2].tensor.to_double(), (Values{0, 2000, 1000, 3000}));
    std::vector<keras::StoredTensor> gru = gates(3);
    keras::renew_arrays(layer_of("GRU"), version_one(), {}, gru);
    ASSERT_EQ(gru.size(), 3u);
    EXPECT_EQ(gru[0].tensor.to_double(), (Values{0, 10, 20, 1, 11, 21}));
    std::vector<keras::StoredTensor> both = gates(8);
    keras::renew_arrays(layer_of("Bidirectional", {{"layer", {{"class_name", "LSTM"}, {"config", Json::object()}}}}), version_one(), {}, both);
    ASSERT_EQ(both.size(), 6u);
    EXPECT_EQ(both[4].tensor.to_double(), (Values{400, 600, 500, 700}));
    std::vector<keras::StoredTensor> newer = gates(1);
    keras::renew_arrays(layer_of("LSTM"), {}, {}, newer);   // nothing to renew
    EXPECT_EQ(newer.size(), 3u);
    std::vector<keras::StoredTensor> uneven = gates(4);
    uneven[3].tensor = {{1, 1}, "float64", Values{1}};
    EXPECT_ERROR(keras::renew_arrays(layer_of("LSTM"), version_one(), {}, uneven), ErrorKind::format, "as for the first gate");
}

TEST(KerasOneArrays, OfConv1DLoseTheAxisThatTheyHadTooMuch) {
    const Json config{{"kernel_size", 3}, {"filters", 2}};
    std::vector<keras::StoredTensor> newer{array("W", {3, 1, 4, 2}, count_up({24}))};   // Keras 1.2
    keras::renew_arrays(layer_of("Conv1D", config), version_one(), {}, newer);
    EXPECT_EQ(newer[0].tensor.shape, (Shape{3, 4, 2}));
    EXPECT_EQ(newer[0].tensor.to_double(), count_up({24}));
    std::vector<keras::StoredTensor> older{array("W", {2, 4, 3, 1}, count_up({24}))};   // Keras 1.1: (out, in, length, 1)
    keras::renew_arrays(layer_of("Conv1D", config), version_one(), {}, older);
    ASSERT_EQ(older[0].tensor.shape, (Shape{3, 4, 2}));
    for (std::size_t k = 0; k < 3; ++k)
        for (std::size_t in = 0; in < 4; ++in)
            for (std::size_t out = 0; out < 2; ++out) EXPECT_EQ(older[0].tensor.at((k * 4 + in) * 2 + out), static_cast<double>((out * 4 + in) * 3 + k));
}

TEST(KerasOneArrays, OfConvolutionsGetTheirSpatialAxesFirst) {
    struct Case { const char* class_name; bool first; Shape stored, canonical; std::vector<std::size_t> order; };
    const std::vector<Case> cases{{"Conv2D", true, {2, 3, 4, 5}, {4, 5, 3, 2}, {2, 3, 1, 0}},            {"Conv2D", false, {2, 3, 4, 5}, {2, 3, 4, 5}, {0, 1, 2, 3}},
                                  {"Conv2DTranspose", true, {2, 3, 4, 5}, {4, 5, 2, 3}, {2, 3, 0, 1}},   {"Conv2DTranspose", false, {2, 3, 4, 5}, {2, 3, 5, 4}, {0, 1, 3, 2}},
                                  {"Conv3D", true, {2, 3, 4, 5, 6}, {4, 5, 6, 3, 2}, {2, 3, 4, 1, 0}}};
    for (const Case& one : cases)
        for (const bool theano : {false, true}) {
            model::Tensor kernel{one.stored, "float64", count_up(one.stored)};
            keras::make_canonical(kernel, version_one(theano), one.class_name, one.first);
            ASSERT_EQ(kernel.shape, one.canonical) << one.class_name;
            // The entry at the first place: spatial axes reversed where Theano convolved.
            std::int64_t expected = 0, stride = 1;
            std::vector<std::int64_t> strides(one.stored.size());
            for (std::size_t axis = one.stored.size(); axis-- > 0; stride *= one.stored[axis]) strides[axis] = stride;
            for (std::size_t axis = 0; theano && axis + 2 < one.order.size(); ++axis) expected += (one.canonical[axis] - 1) * strides[one.order[axis]];
            EXPECT_EQ(kernel.at(0), static_cast<double>(expected)) << one.class_name;
            EXPECT_EQ(kernel.at(1), static_cast<double>(expected + strides[one.order.back()])) << one.class_name;
        }
}

TEST(KerasOne, ModelsMayBeginWithAMergeOfModels) {
    const auto branch = [](const std::string& name, std::int64_t inputs) {
        return Json{{"class_name", "Sequential"}, {"config", Json::array({keras_layer("Dense", name, {{"output_dim", 2}, {"batch_input_shape", {nullptr, inputs}}})})}};
    };
    const Scratch scratch;
    KerasFile file;
    file.config = {{"class_name", "Sequential"},
                   {"config", Json::array({keras_layer("Merge", "merge_1", {{"mode", "concat"}, {"concat_axis", -1}, {"layers", Json::array({branch("dense_1", 3), branch("dense_2", 4)})}}),
                                           keras_layer("Dense", "dense_3", {{"output_dim", 2}})})}};
    const auto arrays = [](const std::string& name, std::int64_t in, double first) {
        return test::KerasLayerArrays{name, {{name + "_W", {in, 2}, count_up({in, 2}, first)}, {name + "_b", {2}, count_up({2}, first)}}};
    };
    file.layers = {arrays("dense_1", 3, 1), arrays("dense_2", 4, 2), {"merge_1", {}}, arrays("dense_3", 4, 3)};
    file.keras_version = file.backend = "";
    file.write(scratch / "m.h5");
    const model::Model model = load_model(scratch / "m.h5");
    ASSERT_TRUE(model.architecture.has_value());
    EXPECT_EQ(model.architecture->inputs.size(), 2u);
    EXPECT_EQ(kinds(model), "input input dense dense concatenate dense");
    ASSERT_EQ(model.parameters.size(), 6u);
    EXPECT_EQ(model.parameters[2].name, "dense_2/kernel");
    EXPECT_EQ(model.weights[2].to_double(), count_up({4, 2}, 2));
    EXPECT_EQ(model.weights[4].to_double(), count_up({4, 2}, 3));
}

TEST(KerasZero, WeightsAreServedAndTakeAnArchitecture) {
    const Scratch scratch;
    const auto count = [](hid_t file, const char* object, const char* name, std::int64_t value) {
        const hdf5::Space space(H5Screate(H5S_SCALAR));
        const hdf5::Attribute made(H5Acreate_by_name(file, object, name, H5T_STD_I64LE, space.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        H5Writer::check(made && H5Awrite(made.id(), H5T_NATIVE_INT64, &value) >= 0, name);
    };
    {
        H5Writer file(scratch / "w.h5");
        file.group("/layer_0");   // ZeroPadding2D
        file.array("/layer_1/param_0", {2, 1, 2, 3}, count_up({12}));   // (out, in, height, width), convolved
        file.array("/layer_1/param_1", {2}, {5, 6});
        count(file.id(), "/", "nb_layers", 2);
        count(file.id(), "/layer_0", "nb_params", 0);
        count(file.id(), "/layer_1", "nb_params", 2);
    }
    const model::Model model = load_model(scratch / "w.h5");
    EXPECT_EQ(model.format, "keras-0-weights");
    ASSERT_EQ(model.parameters.size(), 2u);
    EXPECT_EQ(model.parameters[0].name, "layer_1/kernel");
    EXPECT_EQ(model.parameters[1].role, model::Role::bias);
    EXPECT_EQ(model.weights[0].shape, (Shape{2, 1, 2, 3}));   // as stored: nothing says that this is a convolution
    const Json config{{"class_name", "Sequential"}, {"config", Json::array({keras_layer("ZeroPadding2D", "pad", {{"padding", {1, 1}}, {"dim_ordering", "th"}, {"batch_input_shape", {nullptr, 1, 8, 8}}}),
                                                                            keras_layer("Convolution2D", "conv", {{"nb_filter", 2}, {"nb_row", 2}, {"nb_col", 3}, {"dim_ordering", "th"}})})}};
    test::write_file(scratch / "m.json", config.dump());
    const model::Model whole = load_model(scratch / "w.h5", {.architecture = scratch / "m.json"});
    ASSERT_EQ(whole.weights.size(), 2u);
    EXPECT_EQ(whole.weights[0].shape, (Shape{2, 3, 1, 2}));
    EXPECT_EQ(whole.weights[0].to_double(), (std::vector<double>{5, 11, 4, 10, 3, 9, 2, 8, 1, 7, 0, 6}));
    {
        const hdf5::FileHandle file(H5Fopen((scratch / "w.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
        H5Adelete(file.id(), "nb_layers");
        count(file.id(), "/", "nb_layers", 3);
    }
    EXPECT_ERROR(load_model(scratch / "w.h5"), ErrorKind::format, "layer_2");
}

}  // namespace
}  // namespace assay::formats
