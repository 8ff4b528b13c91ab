// Keras layers that slide windows, pad, cut or enlarge, and what becomes of them.

#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"

namespace assay::formats {
namespace {

using test::count_up;
using test::keras_layer;
using test::keras_sequential;
using test::KerasFile;
using test::KerasLayerArrays;
using test::Scratch;

model::Model load(const KerasFile& file) {
    const Scratch scratch;
    file.write(scratch / "m.h5");
    return load_model(scratch / "m.h5");
}

/// A model of one layer, with its arrays in Keras' order.
KerasFile one(const std::string& class_name, const Json& settings, const Json& input, const std::vector<std::pair<std::string, Shape>>& arrays = {}) {
    KerasFile file;
    file.config = keras_sequential(input, Json::array({keras_layer(class_name, "x", settings)}));
    KerasLayerArrays layer{"x", {}};
    for (const auto& [name, shape] : arrays) layer.arrays.push_back({"x/" + name + ":0", shape, count_up(shape)});
    file.layers = {layer};
    return file;
}

const model::Node& last(const model::Model& model) { return model.architecture->graph[model.architecture->outputs.at(0)]; }

TEST(KerasWindows, OfTimeHaveOneNumberWhereImagesHaveTwo) {
    const model::Node conv = last(load(one("Conv1D", {{"filters", 4}, {"kernel_size", {3}}, {"strides", 2}, {"padding", "causal"}, {"dilation_rate", {1}}, {"groups", 2}}, {9, 6},
                                           {{"kernel", {3, 3, 4}}, {"bias", {4}}})));
    EXPECT_EQ(conv.kind, "conv1d");
    EXPECT_EQ(conv.attributes, (Json{{"filters", 4}, {"kernel_size", {3}}, {"strides", {2}}, {"dilation_rate", {1}}, {"groups", 2}, {"padding", "causal"}, {"use_bias", true}}));
    const auto attributes = [](const std::string& class_name, const Json& settings) {
        const model::Node node = last(load(one(class_name, settings, {8, 2})));
        return Json{{node.kind, node.attributes}};
    };
    EXPECT_EQ(attributes("MaxPooling1D", Json::object()), (Json{{"max_pooling_1d", {{"pool_size", {2}}, {"strides", {2}}, {"padding", "valid"}}}}));
    EXPECT_EQ(attributes("MaxPooling1D", {{"pool_size", {3}}, {"strides", nullptr}}), (Json{{"max_pooling_1d", {{"pool_size", {3}}, {"strides", {3}}, {"padding", "valid"}}}}));
    EXPECT_EQ(attributes("AveragePooling1D", {{"pool_size", 3}, {"strides", 1}, {"padding", "same"}}),
              (Json{{"average_pooling_1d", {{"pool_size", {3}}, {"strides", {1}}, {"padding", "same"}}}}));
    EXPECT_EQ(attributes("GlobalAveragePooling1D", Json::object()), (Json{{"global_average_pooling_1d", {{"keepdims", false}}}}));
    EXPECT_EQ(attributes("GlobalMaxPooling1D", {{"keepdims", true}}), (Json{{"global_max_pooling_1d", {{"keepdims", true}}}}));
    EXPECT_EQ(attributes("ZeroPadding1D", {{"padding", 2}}), (Json{{"zero_padding_1d", {{"padding", {{2, 2}}}}}}));
    EXPECT_EQ(attributes("ZeroPadding1D", {{"padding", {0, 3}}}), (Json{{"zero_padding_1d", {{"padding", {{0, 3}}}}}}));
    EXPECT_EQ(attributes("Cropping1D", {{"cropping", {2, 1}}}), (Json{{"cropping_1d", {{"cropping", {{2, 1}}}}}}));
    EXPECT_EQ(attributes("Cropping1D", Json::object()), (Json{{"cropping_1d", {{"cropping", {{1, 1}}}}}}));
    EXPECT_EQ(attributes("UpSampling1D", {{"size", 3}}), (Json{{"up_sampling_1d", {{"size", {3}}}}}));
}

TEST(KerasWindows, OfImagesCutEnlargeAndTakeTheLargest) {
    const auto attributes = [](const std::string& class_name, const Json& settings) {
        const model::Node node = last(load(one(class_name, settings, {8, 6, 2})));
        return Json{{node.kind, node.attributes}};
    };
    EXPECT_EQ(attributes("Cropping2D", {{"cropping", {{1, 2}, {0, 3}}}}), (Json{{"cropping_2d", {{"cropping", {{1, 2}, {0, 3}}}}}}));
    EXPECT_EQ(attributes("Cropping2D", {{"cropping", {1, 2}}}), (Json{{"cropping_2d", {{"cropping", {{1, 1}, {2, 2}}}}}}));
    EXPECT_EQ(attributes("Cropping2D", Json::object()), (Json{{"cropping_2d", {{"cropping", {{0, 0}, {0, 0}}}}}}));
    EXPECT_EQ(attributes("UpSampling2D", {{"size", {2, 3}}, {"interpolation", "bilinear"}}), (Json{{"up_sampling_2d", {{"size", {2, 3}}, {"interpolation", "bilinear"}}}}));
    EXPECT_EQ(attributes("UpSampling2D", {{"size", 3}}), (Json{{"up_sampling_2d", {{"size", {3, 3}}, {"interpolation", "nearest"}}}}));
    EXPECT_EQ(attributes("GlobalMaxPooling2D", Json::object()), (Json{{"global_max_pooling_2d", {{"keepdims", false}}}}));
    EXPECT_EQ(attributes("ZeroPadding2D", Json::object()), (Json{{"zero_padding_2d", {{"padding", {{1, 1}, {1, 1}}}}}}));
}

TEST(KerasWindows, TransposedHaveTheirOutputsBeforeTheirInputs) {
    const model::Model image = load(one("Conv2DTranspose", {{"filters", 5}, {"kernel_size", 3}, {"strides", {2, 2}}, {"padding", "same"}, {"output_padding", {1, 0}}, {"activation", "relu"}}, {4, 4, 2},
                                        {{"kernel", {3, 3, 5, 2}}, {"bias", {5}}}));
    EXPECT_EQ(kinds(image), "input conv2d_transpose activation");
    EXPECT_EQ(node(image, "x/conv2d_transpose").attributes, (Json{{"filters", 5}, {"kernel_size", {3, 3}}, {"strides", {2, 2}}, {"dilation_rate", {1, 1}}, {"padding", "same"}, {"use_bias", true}, {"output_padding", {1, 0}}}));
    EXPECT_EQ(image.weights[0].to_double(), count_up({3, 3, 5, 2}));
    const model::Model time = load(one("Conv1DTranspose", {{"filters", 5}, {"kernel_size", {3}}, {"output_padding", 1}, {"strides", {2}}, {"use_bias", false}}, {4, 2}, {{"kernel", {3, 5, 2}}}));
    EXPECT_EQ(last(time).kind, "conv1d_transpose");
    EXPECT_EQ(last(time).attributes.at("output_padding"), Json::array({1}));
    EXPECT_ERROR(load(one("Conv2DTranspose", {{"filters", 5}, {"kernel_size", 3}}, {4, 4, 2}, {{"kernel", {3, 3, 2, 5}}, {"bias", {5}}})), ErrorKind::format, "expected shape [3, 3, 5, ?]");
}

TEST(KerasWindows, SeparableBecomeTwoNodesThatShareOutTheWeights) {
    const Json penalty = {{"class_name", "L2"}, {"config", {{"l2", 0.25}}}};
    const model::Model model = load(one("SeparableConv2D", {{"filters", 4}, {"kernel_size", {3, 2}}, {"strides", {2, 2}}, {"depth_multiplier", 2}, {"padding", "same"}, {"activation", "relu"},
                                                            {"pointwise_regularizer", penalty}}, {8, 6, 3},
                                        {{"depthwise_kernel", {3, 2, 3, 2}}, {"pointwise_kernel", {1, 1, 6, 4}}, {"bias", {4}}}));
    EXPECT_EQ(kinds(model), "input depthwise_conv2d conv2d activation");
    EXPECT_EQ(node(model, "x").kind, "activation");
    const model::Node depthwise = node(model, "x/depthwise_conv2d"), pointwise = node(model, "x/conv2d");
    EXPECT_EQ(depthwise.parameters, (std::vector<std::size_t>{0}));
    EXPECT_EQ(pointwise.parameters, (std::vector<std::size_t>{1, 2}));
    EXPECT_EQ(depthwise.attributes, (Json{{"kernel_size", {3, 2}}, {"depth_multiplier", 2}, {"strides", {2, 2}}, {"dilation_rate", {1, 1}}, {"padding", "same"}, {"use_bias", false}}));
    EXPECT_EQ(pointwise.attributes, (Json{{"filters", 4}, {"kernel_size", {1, 1}}, {"strides", {1, 1}}, {"dilation_rate", {1, 1}}, {"groups", 1}, {"padding", "valid"}, {"use_bias", true}}));
    EXPECT_EQ(model.parameters[0].role, model::Role::depthwise_kernel);
    EXPECT_EQ(model.parameters[1].name, "x/pointwise_kernel");
    ASSERT_EQ(model.facts.regularisers.size(), 1u);
    EXPECT_EQ(model.facts.regularisers[0].parameter, 1u);
    EXPECT_EQ(model.facts.regularisers[0].l2, 0.25);

    const model::Model time = load(one("SeparableConv1D", {{"filters", 4}, {"kernel_size", 3}, {"use_bias", false}}, {8, 3}, {{"depthwise_kernel", {3, 3, 1}}, {"pointwise_kernel", {1, 3, 4}}}));
    EXPECT_EQ(kinds(time), "input depthwise_conv1d conv1d");
    EXPECT_EQ(last(time).parameters, (std::vector<std::size_t>{1}));
}

TEST(KerasWindows, DepthwiseKeepTheirKernelAsKerasHasIt) {
    const model::Model image = load(one("DepthwiseConv2D", {{"kernel_size", {3, 3}}, {"depth_multiplier", 2}}, {8, 6, 3}, {{"depthwise_kernel", {3, 3, 3, 2}}, {"bias", {6}}}));
    EXPECT_EQ(kinds(image), "input depthwise_conv2d");
    EXPECT_EQ(image.parameters[0].shape, (Shape{3, 3, 3, 2}));
    EXPECT_EQ(last(image).parameters, (std::vector<std::size_t>{0, 1}));
    EXPECT_EQ(kinds(load(one("DepthwiseConv1D", {{"kernel_size", {3}}, {"use_bias", false}}, {8, 3}, {{"kernel", {3, 3, 1}}}))), "input depthwise_conv1d");
}

TEST(KerasWindows, ChannelsFirstShareOnePermutation) {
    const Json first = {{"data_format", "channels_first"}};
    const auto with = [&](Json settings) {
        settings.update(first);
        return settings;
    };
    KerasFile file;
    file.config = keras_sequential({3, 8}, Json::array({keras_layer("SeparableConv1D", "s", with({{"filters", 4}, {"kernel_size", 3}})), keras_layer("MaxPooling1D", "p", first),
                                                       keras_layer("Conv1DTranspose", "t", with({{"filters", 2}, {"kernel_size", 2}})), keras_layer("GlobalAveragePooling1D", "g", first)}));
    file.layers = {{"s", {{"s/depthwise_kernel:0", {3, 3, 1}, count_up({3, 3, 1})}, {"s/pointwise_kernel:0", {1, 3, 4}, count_up({1, 3, 4})}, {"s/bias:0", {4}, count_up({4})}}},
                   {"t", {{"t/kernel:0", {2, 2, 4}, count_up({2, 2, 4})}, {"t/bias:0", {2}, count_up({2})}}}};
    const model::Model model = load(file);
    EXPECT_EQ(kinds(model), "input permute depthwise_conv1d conv1d max_pooling_1d conv1d_transpose global_average_pooling_1d");
    EXPECT_EQ(node(model, "s/permute").attributes.at("order"), Json::array({2, 1}));
    file.config["config"]["layers"].erase(3);   // what is left owes the permutation
    EXPECT_EQ(kinds(load(file)), "input permute depthwise_conv1d conv1d max_pooling_1d conv1d_transpose permute");
}

TEST(KerasWindows, FromTheanoHaveTheirKernelsFlippedAlongTheirOwnAxes) {
    KerasFile time = one("Conv1D", {{"filters", 2}, {"kernel_size", 3}, {"use_bias", false}}, {8, 1}, {{"kernel", {3, 1, 2}}});
    time.backend = "theano";
    EXPECT_EQ(load(time).weights[0].to_double(), (std::vector<double>{4, 5, 2, 3, 0, 1}));
    KerasFile transposed = one("Conv2DTranspose", {{"filters", 1}, {"kernel_size", {1, 3}}, {"use_bias", false}}, {8, 8, 2}, {{"kernel", {1, 3, 1, 2}}});
    transposed.backend = "theano";
    EXPECT_EQ(load(transposed).weights[0].to_double(), (std::vector<double>{4, 5, 2, 3, 0, 1}));
}

TEST(KerasWindows, OverTimeHaveTheirChannelsLastInKerasOneToo) {
    KerasFile file = one("Convolution1D", {{"nb_filter", 2}, {"filter_length", 3}, {"bias", false}}, {8, 5}, {});
    file.keras_version = "";
    file.backend = "";
    file.layers = {{"x", {{"x_W", {3, 1, 5, 2}, count_up({3, 1, 5, 2})}}}};   // no ":0": Theano, whose images have their channels first
    const model::Model model = load(file);
    EXPECT_EQ(kinds(model), "input conv1d");
    EXPECT_EQ(model.weights[0].shape, (Shape{3, 5, 2}));
    EXPECT_EQ(model.weights[0].at(0), 20);   // flipped
}

TEST(KerasWindows, OtherWeightsFollowTheModel) {
    const Scratch scratch;
    const Json settings = {{"kernel_size", {3, 3}}, {"use_bias", false}};
    one("DepthwiseConv2D", settings, {8, 6, 3}, {{"depthwise_kernel", {3, 3, 3, 1}}}).write(scratch / "a.h5");
    one("DepthwiseConv2D", settings, {8, 6, 3}, {{"kernel", {3, 3, 3, 1}}}).write(scratch / "b.h5");   // Keras 3's word for it
    one("DepthwiseConv2D", settings, {8, 6, 3}, {{"bias", {3, 3, 3, 1}}}).write(scratch / "c.h5");
    const model::Model model = load_model(scratch / "a.h5");
    EXPECT_EQ(load_weights_for(model, scratch / "b.h5").at(0).to_double(), count_up({3, 3, 3, 1}));
    EXPECT_ERROR(load_weights_for(model, scratch / "c.h5"), ErrorKind::format, "the depthwise_kernel of layer x");
}

TEST(KerasWindows, OfALostInputShapeTakeItFromTheWeights) {
    KerasFile file = one("Conv1D", {{"filters", 2}, {"kernel_size", 3}, {"use_bias", false}}, {8, 5}, {{"kernel", {3, 5, 2}}});
    file.config["config"]["layers"][0]["config"].erase("batch_input_shape");
    EXPECT_EQ(load(file).architecture->graph[0].attributes.at("shape"), Json::array({-1, 5}));
}

TEST(KerasWindows, WithASettingThatTheEngineLacksAreNotTakenForOthers) {
    const auto class_of = [](const std::string& class_name, const Json& settings, const Json& input, const std::string& backend = "tensorflow", const std::string& version = "2.4.0") {
        KerasFile file = one(class_name, settings, input);
        file.backend = backend;
        file.keras_version = version;
        const model::Node node = last(load(file));
        return node.kind == "unsupported" ? node.layer_class : "supported " + node.kind;
    };
    EXPECT_EQ(class_of("Conv2DTranspose", {{"filters", 2}, {"kernel_size", 3}, {"output_shape", {nullptr, 9, 9, 2}}}, {5, 5, 1}), "Conv2DTranspose(output_shape)");
    EXPECT_EQ(class_of("Conv1DTranspose", {{"filters", 2}, {"kernel_size", 3}, {"padding", "causal"}}, {5, 1}), "Conv1DTranspose(padding causal)");
    EXPECT_EQ(class_of("DepthwiseConv2D", {{"kernel_size", 3}, {"padding", "causal"}}, {5, 5, 1}), "DepthwiseConv2D(padding causal)");
    EXPECT_EQ(class_of("MaxPooling1D", {{"padding", "causal"}}, {5, 1}), "MaxPooling1D(padding causal)");
    EXPECT_EQ(class_of("Conv1D", {{"filters", 2}, {"kernel_size", 3}, {"data_format", "channels_first"}, {"activation", "softmax"}}, {1, 5}), "Conv1D(channels_first, softmax)");
    EXPECT_EQ(class_of("SeparableConv2D", {{"filters", 2}, {"kernel_size", 3}}, {5, 5, 1}, "theano"), "SeparableConv2D(of Theano)");
    EXPECT_EQ(class_of("UpSampling2D", {{"interpolation", "bicubic"}}, {5, 5, 1}), "UpSampling2D(bicubic)");
    EXPECT_EQ(class_of("UpSampling2D", {{"interpolation", "bilinear"}}, {5, 5, 1}, "tensorflow", "2.2.4"), "UpSampling2D(bilinear of Keras 2.2)");
    EXPECT_EQ(class_of("UpSampling2D", {{"interpolation", "bilinear"}}, {5, 5, 1}, "tensorflow", "2.2.4-tf"), "supported up_sampling_2d");
}

TEST(KerasWindows, WithAbsurdSettingsAreRefusedByName) {
    EXPECT_ERROR(load(one("MaxPooling1D", {{"pool_size", {2, 2}}}, {5, 1})), ErrorKind::format, "layer x (MaxPooling1D) pool_size");
    EXPECT_ERROR(load(one("Cropping1D", {{"cropping", {1, 2, 3}}}, {5, 1})), ErrorKind::format, "cropping");
    EXPECT_ERROR(load(one("Cropping2D", {{"cropping", {{1, -2}, {0, 0}}}}, {5, 5, 1})), ErrorKind::format, "cropping");
    EXPECT_ERROR(load(one("UpSampling2D", {{"size", 0}}, {5, 5, 1})), ErrorKind::format, "size");
    EXPECT_ERROR(load(one("Conv2DTranspose", {{"filters", 1}, {"kernel_size", 3}, {"output_padding", {1}}}, {5, 5, 1}, {{"kernel", {3, 3, 1, 1}}, {"bias", {1}}})), ErrorKind::format, "output_padding");
    EXPECT_ERROR(load(one("DepthwiseConv1D", {{"kernel_size", 3}, {"depth_multiplier", 0}}, {5, 1})), ErrorKind::format, "depth_multiplier");
    EXPECT_ERROR(load(one("Conv1D", {{"filters", 1}, {"kernel_size", 3}}, {5, 5, 1}, {{"kernel", {3, 1, 1}}, {"bias", {1}}})), ErrorKind::format, "an input with 3 axes");
}

}  // namespace
}  // namespace assay::formats
