// What in a Keras HDF5 file may silently give wrong numbers, or break a reader: each with a small file written for it.

#include "formats/hdf5.hpp"
#include "formats/keras_weights.hpp"
#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"

#include <cmath>

namespace assay::formats {
namespace {

using test::count_up;
using test::dense_arrays;
using test::H5Writer;
using test::keras_layer;
using test::keras_sequential;
using test::KerasFile;
using test::Scratch;
using test::Strings;

KerasFile two_dense() {
    KerasFile file;
    file.config = keras_sequential({3}, Json::array({keras_layer("Dense", "z", {{"units", 2}, {"activation", "relu"}}), keras_layer("Dense", "a", {{"units", 2}})}));
    file.layers = {dense_arrays("z", 3, 2, 0), dense_arrays("a", 2, 2, 50)};
    return file;
}

TEST(KerasFile, IsReadInTheOrderOfItsAttributesNotOfItsLinks) {
    const Scratch scratch;
    two_dense().write(scratch / "m.h5");   // links: a before z, bias before kernel
    const model::Model model = load_model(scratch / "m.h5");
    ASSERT_EQ(model.parameters.size(), 4u);
    EXPECT_EQ(model.parameters[0].name, "z/kernel");
    EXPECT_EQ(model.parameters[1].name, "z/bias");
    EXPECT_EQ(model.parameters[2].name, "a/kernel");
    EXPECT_EQ(model.weights[0].to_double(), count_up({3, 2}, 0));
    EXPECT_EQ(model.weights[1].to_double(), count_up({2}, 100));
    EXPECT_EQ(model.weights[2].to_double(), count_up({2, 2}, 50));
    EXPECT_EQ(model.format, "keras-h5");
    EXPECT_EQ(kinds(model), "input dense activation dense");
    EXPECT_EQ(node(model, "z").kind, "activation");
    EXPECT_EQ(node(model, "z/dense").parameters, (std::vector<std::size_t>{0, 1}));
    EXPECT_EQ(node(model, "z_input").attributes.at("shape"), Json::array({3}));
}

TEST(KerasFile, MatchesWeightsByPositionWhateverTheirNames) {
    const Scratch scratch;
    KerasFile file = two_dense();
    file.layers = {dense_arrays("dense_9", 3, 2, 7), dense_arrays("dense_10", 2, 2, 8)};   // another run's names; links: dense_10 first
    file.write(scratch / "m.h5");
    const model::Model model = load_model(scratch / "m.h5");
    EXPECT_EQ(model.weights[0].to_double(), count_up({3, 2}, 7));
    EXPECT_EQ(model.parameters[0].layer, "z");
}

TEST(KerasFile, MayHaveFixedOrVariableStringsInBothEncodings) {
    const Scratch scratch;
    for (const Strings style : {Strings::fixed_ascii, Strings::variable_ascii, Strings::variable_utf8}) {
        KerasFile file = two_dense();
        file.strings = style;
        file.layers[0].name = "a_much_longer_name";
        file.write(scratch / "m.h5");
        const model::Model model = load_model(scratch / "m.h5");
        EXPECT_EQ(model.weights.size(), 4u);
        EXPECT_EQ(model.facts.backend, "tensorflow");
    }
}

TEST(KerasFile, MaySplitItsListsOfNames) {
    const Scratch scratch;
    KerasFile file = two_dense();
    file.chunk = 1;   // layer_names0, layer_names1, weight_names0, ...
    file.write(scratch / "m.h5");
    EXPECT_EQ(load_model(scratch / "m.h5").weights[2].to_double(), count_up({2, 2}, 50));
    file.config = Json();
    file.write(scratch / "w.h5");
    EXPECT_EQ(load_model(scratch / "w.h5").parameters.size(), 4u);
}

TEST(KerasFile, MayHaveLayersWithoutWeights) {
    const Scratch scratch;
    KerasFile file = two_dense();
    file.layers.insert(file.layers.begin() + 1, {"dropout", {}});   // weight_names: float64 of shape (0,)
    file.write(scratch / "m.h5");
    EXPECT_EQ(load_model(scratch / "m.h5").weights.size(), 4u);
}

TEST(KerasFile, DoesNotMixInTheOptimizer) {
    const Scratch scratch;
    KerasFile file = two_dense();
    file.optimizer = true;
    file.write(scratch / "m.h5");
    const model::Model model = load_model(scratch / "m.h5");
    EXPECT_EQ(model.weights.size(), 4u);
    const auto state = optimizer_state(scratch / "m.h5");
    ASSERT_TRUE(state);
    EXPECT_EQ(state->arrays, 1);
    EXPECT_EQ(state->numbers, 2);
    EXPECT_EQ(state->steps, 1200);
    two_dense().write(scratch / "none.h5");
    EXPECT_FALSE(optimizer_state(scratch / "none.h5"));
}

KerasFile convolution(const Json& settings, const Shape& kernel) {
    Json config = {{"filters", kernel[3]}, {"kernel_size", {kernel[0], kernel[1]}}, {"use_bias", false}};
    if (settings.is_object()) config.update(settings);
    KerasFile file;
    file.config = keras_sequential({5, 5, kernel[2]}, Json::array({keras_layer("Conv2D", "c", config)}));
    file.layers = {{"c", {{"c/kernel:0", kernel, count_up(kernel)}}}};
    return file;
}

TEST(KerasFile, PassesPaddingStridesDilationAndGroupsThrough) {
    const Scratch scratch;
    convolution({{"padding", "same"}, {"strides", {2, 1}}, {"dilation_rate", {1, 1}}, {"groups", 2}, {"data_format", "channels_last"}}, {3, 2, 2, 4}).write(scratch / "m.h5");
    const Json attributes = node(load_model(scratch / "m.h5"), "c").attributes;
    EXPECT_EQ(attributes, (Json{{"filters", 4}, {"kernel_size", {3, 2}}, {"strides", {2, 1}}, {"dilation_rate", {1, 1}}, {"groups", 2}, {"padding", "same"}, {"use_bias", false}}));
}

TEST(KerasFile, FromTheanoHasItsKernelsFlipped) {
    const Scratch scratch;
    KerasFile file = convolution({}, {2, 3, 1, 2});
    file.backend = "theano";
    file.layers[0].arrays[0].name = "c/kernel";
    file.write(scratch / "m.h5");
    const model::Model model = load_model(scratch / "m.h5");
    // 2 x 3 cells of two filters, in reverse order of cells
    EXPECT_EQ(model.weights[0].to_double(), (std::vector<double>{10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1}));
    EXPECT_TRUE(has_note(model, "Theano"));
}

TEST(KerasFile, OfKerasOneWithChannelsFirstHasItsKernelTransposedAndFlipped) {
    const Scratch scratch;
    KerasFile file;
    const Shape stored{2, 1, 2, 3};   // out, in, rows, columns
    file.config = {{"class_name", "Sequential"},
                   {"config", Json::array({{{"class_name", "Convolution2D"},
                                            {"config", {{"name", "c"}, {"nb_filter", 2}, {"nb_row", 2}, {"nb_col", 3}, {"dim_ordering", "th"}, {"border_mode", "valid"},
                                                        {"subsample", {1, 1}}, {"bias", false}, {"activation", "linear"}, {"batch_input_shape", {nullptr, 1, 5, 5}}}}}})}};
    file.keras_version = "";
    file.backend = "";
    file.layers = {{"c", {{"c_W", stored, count_up(stored)}}}};   // no ":0": Theano
    file.write(scratch / "m.h5");
    const model::Model model = load_model(scratch / "m.h5");
    ASSERT_EQ(model.weights[0].shape, (Shape{2, 3, 1, 2}));
    std::vector<double> expected;
    for (int row = 0; row < 2; ++row)
        for (int column = 0; column < 3; ++column)
            for (int out = 0; out < 2; ++out) expected.push_back(out * 6 + (1 - row) * 3 + (2 - column));
    EXPECT_EQ(model.weights[0].to_double(), expected);
    EXPECT_EQ(kinds(model), "input permute conv2d permute");
}

KerasFile normalisation(const Json& settings, const Json& input_shape, const std::vector<std::string>& arrays) {
    KerasFile file;
    file.config = keras_sequential(input_shape, Json::array({keras_layer("BatchNormalization", "bn", settings)}));
    file.layers = {{"bn", {}}};
    for (std::size_t i = 0; i < arrays.size(); ++i) file.layers[0].arrays.push_back({"bn/" + arrays[i] + ":0", {4}, count_up({4}, 10.0 * static_cast<double>(i))});
    return file;
}

TEST(BatchNormalization, HasGammaBetaMeanVarianceInThisOrderAndItsOwnEpsilon) {
    const Scratch scratch;
    normalisation({{"axis", {3}}, {"epsilon", 1.5e-5}, {"center", true}, {"scale", true}}, {6, 6, 4}, {"gamma", "beta", "moving_mean", "moving_variance"}).write(scratch / "m.h5");
    const model::Model model = load_model(scratch / "m.h5");
    ASSERT_EQ(model.parameters.size(), 4u);
    EXPECT_EQ(model.parameters[0].role, model::Role::gamma);
    EXPECT_EQ(model.parameters[1].role, model::Role::beta);
    EXPECT_EQ(model.parameters[2].role, model::Role::moving_mean);
    EXPECT_EQ(model.parameters[3].role, model::Role::moving_variance);
    EXPECT_TRUE(model.parameters[1].trainable);
    EXPECT_FALSE(model.parameters[3].trainable);
    EXPECT_EQ(model.weights[3].to_double(), count_up({4}, 30));
    EXPECT_EQ(node(model, "bn").attributes, (Json{{"epsilon", 1.5e-5}, {"axis", -1}, {"center", true}, {"scale", true}}));
}

TEST(BatchNormalization, MayLackGammaOrBeta) {
    const Scratch scratch;
    normalisation({{"axis", -1}, {"epsilon", 1e-3}, {"center", true}, {"scale", false}}, {4}, {"beta", "moving_mean", "moving_variance"}).write(scratch / "m.h5");
    const model::Model model = load_model(scratch / "m.h5");
    ASSERT_EQ(model.parameters.size(), 3u);
    EXPECT_EQ(model.parameters[0].role, model::Role::beta);
    EXPECT_EQ(node(model, "bn").attributes.at("scale"), false);
    normalisation({{"center", false}, {"scale", false}}, {4}, {"moving_mean", "moving_variance"}).write(scratch / "n.h5");
    EXPECT_EQ(load_model(scratch / "n.h5").parameters.size(), 2u);
}

TEST(BatchNormalization, OnTheFirstAxisOfImagesReadsThemChannelsLast) {
    const Scratch scratch;
    normalisation({{"axis", 1}}, {4, 6, 6}, {"gamma", "beta", "moving_mean", "moving_variance"}).write(scratch / "m.h5");
    EXPECT_EQ(kinds(load_model(scratch / "m.h5")), "input permute batch_normalization permute");
    normalisation({{"axis", 1}}, {4}, {"gamma", "beta", "moving_mean", "moving_variance"}).write(scratch / "n.h5");   // the last one of a vector
    EXPECT_EQ(kinds(load_model(scratch / "n.h5")), "input batch_normalization");
    normalisation({{"axis", 2}}, {6, 4, 6}, {"gamma", "beta", "moving_mean", "moving_variance"}).write(scratch / "o.h5");
    const model::Model other = load_model(scratch / "o.h5");
    EXPECT_EQ(kinds(other), "input permute batch_normalization permute");
    EXPECT_EQ(other.parameters.size(), 4u);
    EXPECT_EQ(other.parameters[0].shape, Shape{4});
}

TEST(ChannelsFirst, ConvolutionPoolingAndFlattenShareOnePermutation) {
    const Scratch scratch;
    KerasFile file;
    const Json first = {{"data_format", "channels_first"}};
    Json conv = {{"filters", 2}, {"kernel_size", {3, 3}}, {"activation", "relu"}};
    conv.update(first);
    file.config = keras_sequential({3, 8, 8}, Json::array({keras_layer("Conv2D", "c", conv), keras_layer("Dropout", "d", {{"rate", 0.25}}), keras_layer("MaxPooling2D", "p", first),
                                                           keras_layer("Flatten", "f", first), keras_layer("Dense", "o", {{"units", 2}})}));
    const Shape kernel{3, 3, 3, 2};
    file.layers = {{"c", {{"c/kernel:0", kernel, count_up(kernel)}, {"c/bias:0", {2}, {0, 0}}}}, dense_arrays("o", 18, 2)};
    file.write(scratch / "m.h5");
    const model::Model model = load_model(scratch / "m.h5");
    EXPECT_EQ(kinds(model), "input permute conv2d activation identity max_pooling_2d flatten dense");
    EXPECT_EQ(node(model, "c/permute").attributes.at("order"), Json::array({2, 3, 1}));
    EXPECT_EQ(node(model, "d").attributes, (Json{{"was", "Dropout"}, {"rate", 0.25}}));

    // A Flatten without the setting flattens as stored, so the channels go back to the front.
    file.config["config"]["layers"][3]["config"].erase("data_format");
    file.write(scratch / "n.h5");
    const model::Model old = load_model(scratch / "n.h5");
    EXPECT_EQ(kinds(old), "input permute conv2d activation identity max_pooling_2d permute flatten dense");
    EXPECT_EQ(node(old, "p").attributes.at("order"), Json::array({3, 1, 2}));
    EXPECT_EQ(node(old, "p/max_pooling_2d").kind, "max_pooling_2d");
}

TEST(ChannelsFirst, FlattenOfAnInputMovesItsChannelsLast) {
    const Scratch scratch;
    KerasFile file;
    file.config = keras_sequential({3, 2, 2}, Json::array({keras_layer("Flatten", "f", {{"data_format", "channels_first"}}), keras_layer("Dense", "o", {{"units", 2}})}));
    file.layers = {dense_arrays("o", 12, 2)};
    file.write(scratch / "m.h5");
    EXPECT_EQ(kinds(load_model(scratch / "m.h5")), "input permute flatten dense");
}

TEST(KerasFile, CountsWeightsThatAreNotFinite) {
    const Scratch scratch;
    KerasFile file = two_dense();
    file.layers[1].arrays[0].values = {1, std::nan(""), INFINITY, 2};
    file.write(scratch / "m.h5");
    const model::Model model = load_model(scratch / "m.h5");
    EXPECT_TRUE(has_note(model, "2 weights are NaN or infinite, the first in a/kernel"));
    EXPECT_TRUE(std::isnan(model.weights[2].at(1)));
}

TEST(KerasFile, WithoutTheGroupOfALayerSaysWhich) {
    const Scratch scratch;
    two_dense().write(scratch / "m.h5");
    {
        const hdf5::FileHandle file(H5Fopen((scratch / "m.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
        H5Ldelete(file.id(), "/model_weights/a", H5P_DEFAULT);
    }
    EXPECT_ERROR(load_model(scratch / "m.h5"), ErrorKind::format, "layer a");
}

TEST(KerasFile, WithWeightsOfAnotherShapeOrNumberNamesTheLayer) {
    const Scratch scratch;
    KerasFile file = two_dense();
    file.layers[1] = dense_arrays("a", 2, 3);
    file.write(scratch / "m.h5");
    EXPECT_ERROR(load_model(scratch / "m.h5"), ErrorKind::format, "layer a weight a/kernel:0: expected shape [?, 2], found shape [2, 3]");
    file = two_dense();
    file.layers[0].arrays.pop_back();
    file.write(scratch / "n.h5");
    EXPECT_ERROR(load_model(scratch / "n.h5"), ErrorKind::format, "layer z: expected 2 weights, found 1");
    file = two_dense();
    file.layers.push_back(dense_arrays("extra", 1, 1));
    file.write(scratch / "o.h5");
    EXPECT_ERROR(load_model(scratch / "o.h5"), ErrorKind::format, "layer extra");
    file = two_dense();
    file.layers.pop_back();
    file.write(scratch / "p.h5");
    EXPECT_ERROR(load_model(scratch / "p.h5"), ErrorKind::format, "layer a: expected 2 weights, found none");
}

TEST(KerasFile, WithTextThatIsNoJsonIsRefused) {
    const Scratch scratch;
    const auto write = [&](const std::string& config) {
        H5Writer file(scratch / "m.h5");
        file.text("/", "model_config", config);
        file.group("/model_weights");
        file.texts("/model_weights", "layer_names", {});
    };
    write("{\"class_name\": ");
    EXPECT_ERROR(load_model(scratch / "m.h5"), ErrorKind::format, "JSON");
    write("");
    EXPECT_ERROR(load_model(scratch / "m.h5"), ErrorKind::format, "JSON");
    write(std::string(100000, '[') + std::string(100000, ']'));
    EXPECT_ERROR(load_model(scratch / "m.h5"), ErrorKind::format, "200 deep");
    write("[1, 2]");
    EXPECT_ERROR(load_model(scratch / "m.h5"), ErrorKind::format, "class_name");
}

TEST(KerasFile, DoesNotLeaveTheFile) {
    const Scratch scratch;
    two_dense().write(scratch / "other.h5");
    const auto damage = [&](auto action) {
        two_dense().write(scratch / "m.h5");
        const hdf5::FileHandle file(H5Fopen((scratch / "m.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
        H5Ldelete(file.id(), "/model_weights/a/a/kernel:0", H5P_DEFAULT);
        action(file.id());
    };
    const hsize_t extents[2] = {2, 2};
    const hdf5::Space space(H5Screate_simple(2, extents, nullptr));
    damage([&](hid_t file) { H5Lcreate_external((scratch / "other.h5").c_str(), "/model_weights/a/a/kernel:0", file, "/model_weights/a/a/kernel:0", H5P_DEFAULT, H5P_DEFAULT); });
    EXPECT_ERROR(load_model(scratch / "m.h5"), ErrorKind::unsupported, "external link");
    damage([&](hid_t file) {
        const hdf5::Properties properties(H5Pcreate(H5P_DATASET_CREATE));
        H5Pset_external(properties.id(), "/etc/passwd", 0, 16);
        hdf5::ObjectHandle(H5Dcreate2(file, "/model_weights/a/a/kernel:0", H5T_IEEE_F32LE, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT));
    });
    EXPECT_ERROR(load_model(scratch / "m.h5"), ErrorKind::unsupported, "external storage");
    damage([&](hid_t file) {
        const hdf5::Properties properties(H5Pcreate(H5P_DATASET_CREATE));
        H5Pset_virtual(properties.id(), space.id(), (scratch / "other.h5").c_str(), "/model_weights/a/a/kernel:0", space.id());
        hdf5::ObjectHandle(H5Dcreate2(file, "/model_weights/a/a/kernel:0", H5T_IEEE_F32LE, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT));
    });
    EXPECT_ERROR(load_model(scratch / "m.h5"), ErrorKind::unsupported, "virtual");
    damage([&](hid_t file) { H5Lcreate_soft("/model_weights/z/z/bias:0", file, "/model_weights/a/a/kernel:0", H5P_DEFAULT, H5P_DEFAULT); });
    EXPECT_ERROR(load_model(scratch / "m.h5"), ErrorKind::format, "shape");   // a soft link inside the file is followed
    damage([&](hid_t file) { H5Lcreate_soft("kernel:0", file, "/model_weights/a/a/kernel:0", H5P_DEFAULT, H5P_DEFAULT); });
    EXPECT_ERROR(load_model(scratch / "m.h5"), ErrorKind::format, "circle");
}

TEST(KerasFile, MayNotNameItsWeightsByPathsThatClimb) {
    const Scratch scratch;
    for (const std::string name : {"../z/z/kernel:0", "/model_weights/z/z/kernel:0", "a//kernel:0", "./a", "", "a/"}) {
        two_dense().write(scratch / "m.h5");
        {
            const hdf5::FileHandle file(H5Fopen((scratch / "m.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
            H5Adelete_by_name(file.id(), "/model_weights/a", "weight_names", H5P_DEFAULT);
            const hdf5::Type type(H5Tcopy(H5T_C_S1));
            H5Tset_size(type.id(), H5T_VARIABLE);
            const hdf5::Space space(H5Screate(H5S_SCALAR));
            const hdf5::Attribute made(H5Acreate_by_name(file.id(), "/model_weights/a", "weight_names", type.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
            const char* pointer = name.c_str();
            H5Awrite(made.id(), type.id(), &pointer);
        }
        EXPECT_ERROR(load_model(scratch / "m.h5"), ErrorKind::format, "plain names");
    }
}

TEST(KerasFile, ThatDeclaresFarMoreThanItStoresIsRefused) {
    const Scratch scratch;
    two_dense().write(scratch / "m.h5");
    {
        const hdf5::FileHandle file(H5Fopen((scratch / "m.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT));
        H5Ldelete(file.id(), "/model_weights/a/a/kernel:0", H5P_DEFAULT);
        const hsize_t extents[2] = {hsize_t{1} << 20, hsize_t{1} << 20}, chunk[2] = {16, 16};
        const hdf5::Space space(H5Screate_simple(2, extents, nullptr));
        const hdf5::Properties properties(H5Pcreate(H5P_DATASET_CREATE));
        H5Pset_chunk(properties.id(), 2, chunk);
        hdf5::ObjectHandle(H5Dcreate2(file.id(), "/model_weights/a/a/kernel:0", H5T_IEEE_F32LE, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT));
    }
    EXPECT_ERROR(load_model(scratch / "m.h5"), ErrorKind::resource, "declared");
}

TEST(KerasFile, MayNotNameOneArrayTooOften) {
    const Scratch scratch;
    {
        H5Writer file(scratch / "w.h5");
        const hsize_t extents[1] = {hsize_t{3} << 20}, chunk[1] = {hsize_t{3} << 20};   // 12 MiB, nothing stored
        const hdf5::Space space(H5Screate_simple(1, extents, nullptr));
        const hdf5::Properties properties(H5Pcreate(H5P_DATASET_CREATE));
        H5Pset_chunk(properties.id(), 1, chunk);
        file.group("/a");
        hdf5::ObjectHandle(H5Dcreate2(file.id(), "/a/w", H5T_IEEE_F32LE, space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT));
    }
    const hdf5::File file(scratch / "w.h5");
    const hdf5::Dataset dataset = file.dataset("/a/w");
    std::uint64_t budget = std::uint64_t{25} << 20;
    EXPECT_EQ(keras::read_tensor(dataset, budget).size(), 3 << 20);
    EXPECT_EQ(keras::read_tensor(dataset, budget).size(), 3 << 20);
    EXPECT_ERROR(keras::read_tensor(dataset, budget), ErrorKind::resource, "weights about as large as the file");
    EXPECT_EQ(keras::weight_budget(file), std::uint64_t{4} << 30);
}

TEST(KerasFile, MayHoldHalfDoubleBigEndianAndIntegerWeights) {
    const Scratch scratch;
    {
        H5Writer file(scratch / "w.h5");
        const hdf5::Type half(H5Tcopy(H5T_IEEE_F32LE));
        H5Tset_fields(half.id(), 15, 10, 5, 0, 10);
        H5Tset_size(half.id(), 2);
        H5Tset_ebias(half.id(), 15);
        file.array("/l/half", {2}, {0.5, -2}, half.id());
        file.array("/l/double", {1}, {0.1}, H5T_IEEE_F64LE);
        file.array("/l/big", {2}, {1.5, 2.5}, H5T_IEEE_F32BE);
        file.array("/l/bytes", {2}, {-3, 4}, H5T_STD_I8LE);
        file.array("/l/count", {}, {12}, H5T_STD_I64LE);
        file.texts("/", "layer_names", {"l"});
        file.texts("/l", "weight_names", {"half", "double", "big", "bytes", "count"});
    }
    const model::Model model = load_model(scratch / "w.h5");
    ASSERT_EQ(model.weights.size(), 5u);
    EXPECT_EQ(model.weights[0].stored_type, "float16");
    EXPECT_EQ(model.weights[0].to_double(), (std::vector<double>{0.5, -2}));
    EXPECT_EQ(model.weights[1].at(0), 0.1);   // kept as double
    EXPECT_EQ(model.weights[2].to_double(), (std::vector<double>{1.5, 2.5}));
    EXPECT_EQ(model.weights[3].stored_type, "int8");
    EXPECT_EQ(model.weights[3].to_double(), (std::vector<double>{-3, 4}));
    EXPECT_EQ(model.weights[4].to_double(), (std::vector<double>{12}));
    EXPECT_FALSE(model.architecture.has_value());
}

TEST(KerasFile, WithTextForWeightsIsRefused) {
    const Scratch scratch;
    {
        H5Writer file(scratch / "w.h5");
        const hdf5::Type text(H5Tcopy(H5T_C_S1));
        const hsize_t one = 1;
        const hdf5::Space space(H5Screate_simple(1, &one, nullptr));
        file.group("/l");
        hdf5::ObjectHandle(H5Dcreate2(file.id(), "/l/w", text.id(), space.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
        file.texts("/", "layer_names", {"l"});
        file.texts("/l", "weight_names", {"w"});
    }
    EXPECT_ERROR(load_model(scratch / "w.h5"), ErrorKind::unsupported, "string");
}

}  // namespace
}  // namespace assay::formats
