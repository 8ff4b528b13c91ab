// What layers refuse, and how they say it.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/layer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::test {
namespace {

using testing::HasSubstr;

std::string refusal(const std::string& kind, const std::string& attributes, std::vector<Shape> inputs, std::vector<Shape> parameters = {}) {
    try {
        engine::make_layer(kind, {.where = "model.h5, layer l (L)", .attributes = Json::parse(attributes), .inputs = std::move(inputs), .parameters = std::move(parameters)});
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::format) << error.what();
        EXPECT_THAT(error.what(), HasSubstr("model.h5, layer l (L): expected"));
        return error.what();
    }
    return "accepted";
}

TEST(Layers, SayWhichParameterDoesNotFit) {
    EXPECT_THAT(refusal("dense", R"({"units":4})", {{3}}, {{4, 3}, {4}}), HasSubstr("a kernel of shape [3, 4], found shape [4, 3]"));
    EXPECT_THAT(refusal("dense", R"({"units":4})", {{3}}, {{3, 4}}), HasSubstr("a bias of shape [4], found none"));
    EXPECT_THAT(refusal("conv2d", R"({"filters":2,"kernel_size":[3,3]})", {{8, 8, 3}}, {{3, 3, 2, 3}, {2}}), HasSubstr("a kernel of shape [3, 3, 3, 2]"));
    EXPECT_THAT(refusal("batch_normalization", "{}", {{3}}, {{3}, {3}, {3}, {4}}), HasSubstr("a moving_variance of shape [3]"));
    EXPECT_THAT(refusal("layer_normalization", "{}", {{3}}, {{3}}), HasSubstr("a beta of shape [3], found none"));
    EXPECT_THAT(refusal("embedding", R"({"input_dim":5,"output_dim":2})", {{3}}, {{2, 5}}), HasSubstr("a table of shape [5, 2]"));
    EXPECT_THAT(refusal("simple_rnn", R"({"units":2})", {{4, 3}}, {{3, 2}, {2, 3}, {2}}), HasSubstr("a recurrent_kernel of shape [2, 2]"));
}

TEST(Layers, SayWhatDoesNotFitInLearnedArrays) {
    EXPECT_THAT(refusal("learned_array", R"({"shape":[3,2]})", {{4}}, {{2, 3}}), HasSubstr("a weight of shape [3, 2], found shape [2, 3]"));
    EXPECT_THAT(refusal("learned_array", R"({"shape":[3,0]})", {{4}}, {{3, 0}}), HasSubstr("positive integers `shape`"));
    EXPECT_THAT(refusal("learned_array", "{}", {{4}}, {{4}}), HasSubstr("`shape`, found none"));
    EXPECT_THAT(refusal("learned_array", R"({"shape":[4]})", {{4}, {4}}, {{4}}), HasSubstr("1 input, found 2"));
}

TEST(Layers, SayWhatDoesNotFitInSequences) {
    EXPECT_THAT(refusal("lstm", R"({"units":2})", {{4, 3}}, {{3, 6}, {2, 8}, {8}}), HasSubstr("a kernel of shape [3, 8], found shape [3, 6]"));
    EXPECT_THAT(refusal("lstm", R"({"units":2})", {{4, 3}}, {{3, 8}, {2, 8}, {2, 8}}), HasSubstr("a bias of shape [8]"));
    EXPECT_THAT(refusal("lstm", R"({"units":0})", {{4, 3}}, {{3, 0}, {0, 0}, {0}}), HasSubstr("positive `units`"));
    EXPECT_THAT(refusal("lstm", R"({"units":2,"recurrent_activation":"softmax"})", {{4, 3}}, {{3, 8}, {2, 8}, {8}}), HasSubstr("softmax"));
    EXPECT_THAT(refusal("gru", R"({"units":2})", {{4, 3}}, {{3, 6}, {2, 6}, {6}}), HasSubstr("a bias of shape [2, 6], found shape [6]"));
    EXPECT_THAT(refusal("gru", R"({"units":2,"reset_after":false})", {{4, 3}}, {{3, 6}, {2, 6}, {2, 6}}), HasSubstr("a bias of shape [6], found shape [2, 6]"));
    EXPECT_THAT(refusal("gru", R"({"units":2})", {{3}}, {{3, 6}, {2, 6}, {2, 6}}), HasSubstr("rank 2"));
    EXPECT_THAT(refusal("masking", "{}", {{4}}), HasSubstr("rank 2"));
    EXPECT_NE(refusal("masking", R"({"mask_value":"x"})", {{4, 3}}), "accepted");
    EXPECT_THAT(refusal("time_distributed", R"({"kind":"dense","attributes":{"units":2}})", {{4, 3}}, {{4, 2}, {2}}), HasSubstr("a kernel of shape [3, 2]"));
    EXPECT_THAT(refusal("time_distributed", R"({"kind":"dense","attributes":{"units":2}})", {{4}}, {{4, 2}, {2}}), HasSubstr("a time axis"));
    EXPECT_THAT(refusal("time_distributed", R"({"kind":"dense","attributes":7})", {{4, 3}}, {{4, 2}, {2}}), HasSubstr("`attributes`"));
    EXPECT_THAT(refusal("time_distributed", R"({"kind":"masking"})", {{4, 3, 2}}), HasSubstr("makes no mask"));
}

TEST(Layers, SayWhatDoesNotFitInAttention) {
    EXPECT_THAT(refusal("attention", "{}", {{4, 3}}), HasSubstr("2 or 3 inputs"));
    EXPECT_THAT(refusal("attention", "{}", {{4, 3}, {5, 2}}), HasSubstr("a key of shape [5, 3], found shape [5, 2]"));
    EXPECT_THAT(refusal("attention", "{}", {{4, 3}, {5, 2}, {4, 3}}), HasSubstr("a key of shape [5, 3], found shape [4, 3]"));
    EXPECT_THAT(refusal("attention", R"({"heads":2})", {{4, 3}, {5, 2}, {5, 3}}), HasSubstr("`heads` that divide the widths 3 and 2, found 2"));
    EXPECT_THAT(refusal("attention", R"({"heads":0})", {{4, 3}, {4, 3}}), HasSubstr("`heads`"));
    EXPECT_THAT(refusal("attention", R"({"masked":"all"})", {{4, 3}, {4, 3}}), HasSubstr("`masked` scores, weights or output, found all"));
    EXPECT_THAT(refusal("attention", R"({"use_scale":true})", {{4, 3}, {4, 3}}, {{3}}), HasSubstr("a scale of shape []"));
    EXPECT_THAT(refusal("attention", "{}", {{4}, {4}}), HasSubstr("rank 2"));
    EXPECT_THAT(refusal("additive_attention", "{}", {{4, 3}, {4, 3}}, {{4}}), HasSubstr("a scale of shape [3]"));
    EXPECT_THAT(refusal("additive_attention", R"({"heads":3})", {{4, 3}, {4, 3}}, {{3}}), HasSubstr("one head, found 3"));
}

TEST(Layers, RefuseWindowsThatDoNotFit) {
    EXPECT_THAT(refusal("conv2d", R"({"filters":1,"kernel_size":[5,1]})", {{4, 4, 1}}, {{5, 1, 1, 1}, {1}}), HasSubstr("found a reach of 5 over 4 cells"));
    EXPECT_THAT(refusal("conv2d", R"({"filters":1,"kernel_size":[3,1],"dilation_rate":[2,1]})", {{4, 4, 1}}, {{3, 1, 1, 1}, {1}}), HasSubstr("a reach of 5"));
    EXPECT_THAT(refusal("max_pooling_2d", R"({"pool_size":[2,9]})", {{4, 4, 1}}), HasSubstr("a reach of 9 over 4 cells"));
    EXPECT_THAT(refusal("conv2d", R"({"filters":1,"kernel_size":[1,1],"strides":[0,1]})", {{4, 4, 1}}, {{1, 1, 1, 1}, {1}}), HasSubstr("2 positive integers `strides`, found [0,1]"));
    EXPECT_THAT(refusal("max_pooling_2d", R"({"pool_size":[2,2],"padding":"causal"})", {{4, 4, 1}}), HasSubstr("`padding` same or valid, found causal"));
    EXPECT_THAT(refusal("average_pooling_2d", R"({"pool_size":[2,2]})", {{4, 4}}), HasSubstr("rank 3"));
}

TEST(Layers, SayWhichKernelOfAWindowDoesNotFit) {
    EXPECT_THAT(refusal("conv1d", R"({"filters":2,"kernel_size":[3]})", {{8, 3}}, {{3, 2, 3}, {2}}), HasSubstr("a kernel of shape [3, 3, 2]"));
    EXPECT_THAT(refusal("conv1d", R"({"filters":2,"kernel_size":[3,3]})", {{8, 3}}, {{3, 3, 2}, {2}}), HasSubstr("1 positive integers `kernel_size`"));
    EXPECT_THAT(refusal("depthwise_conv2d", R"({"kernel_size":[3,3],"depth_multiplier":2})", {{8, 8, 3}}, {{3, 3, 1, 6}, {6}}), HasSubstr("a kernel of shape [3, 3, 3, 2]"));
    EXPECT_THAT(refusal("depthwise_conv1d", R"({"kernel_size":[3],"depth_multiplier":2})", {{8, 3}}, {{3, 3, 2}, {2}}), HasSubstr("a bias of shape [6]"));
    EXPECT_THAT(refusal("conv2d_transpose", R"({"filters":2,"kernel_size":[3,3]})", {{8, 8, 3}}, {{3, 3, 3, 2}, {2}}), HasSubstr("a kernel of shape [3, 3, 2, 3]"));
    EXPECT_THAT(refusal("conv1d_transpose", R"({"filters":2,"kernel_size":[3]})", {{8, 3}}, {{3, 2, 3}, {3}}), HasSubstr("a bias of shape [2]"));
}

TEST(Layers, RefusePaddingsThatCannotBe) {
    const std::string conv = R"({"filters":1,"kernel_size":[2,2],"padding":)", pool = R"({"pool_size":[2,2],"padding":)";
    const auto convolution = [&](const std::string& padding) { return refusal("conv2d", conv + padding + "}", {{4, 4, 1}}, {{2, 2, 1, 1}, {1}}); };
    EXPECT_EQ(convolution("[[1,0],[5,2]]"), "accepted");
    EXPECT_THAT(convolution("[[1,0]]"), HasSubstr("`padding` [[top, bottom], [left, right]] of integers from 0 to 2^20, found [[1,0]]"));
    EXPECT_NE(convolution("[[1,0],[5,-1]]"), "accepted");
    EXPECT_NE(convolution("[1,2]"), "accepted");
    EXPECT_NE(convolution("[[1,0],[1.5,1]]"), "accepted");
    EXPECT_NE(convolution("[[1,0],[1,1048577]]"), "accepted");
    EXPECT_NE(convolution("\"causal\""), "accepted");
    EXPECT_NE(convolution("3"), "accepted");
    for (const char* kind : {"max_pooling_2d", "average_pooling_2d"}) {
        EXPECT_EQ(refusal(kind, pool + "[[1,0],[1,1]]}", {{4, 4, 1}}), "accepted");
        EXPECT_THAT(refusal(kind, pool + "[[2,0],[1,1]]}", {{4, 4, 1}}), HasSubstr("a `padding` narrower than the window of 2"));
    }
    EXPECT_THAT(refusal("max_pooling_1d", R"({"pool_size":[2],"padding":"causal"})", {{4, 1}}), HasSubstr("`padding` same or valid"));
    EXPECT_NE(refusal("average_pooling_2d", R"({"pool_size":[2,2],"count_padding":1})", {{4, 4, 1}}), "accepted");
    EXPECT_THAT(refusal("zero_padding_1d", R"({"padding":[[1,2],[1,2]]})", {{3, 1}}), HasSubstr("[[left, right]]"));
    EXPECT_THAT(refusal("zero_padding_1d", R"({"padding":[[1,2]]})", {{3, 1, 1}}), HasSubstr("rank 2"));
    EXPECT_THAT(refusal("cropping_2d", R"({"cropping":[[1,2],[0,0]]})", {{3, 3, 1}}), HasSubstr("leaves something of 3 cells"));
    EXPECT_NE(refusal("cropping_1d", "{}", {{3, 1}}), "accepted");
}

TEST(Layers, RefuseTransposedConvolutionsThatNoConvolutionHas) {
    const auto transposed = [](const std::string& settings) {
        return refusal("conv1d_transpose", R"({"filters":1,"kernel_size":[3],"strides":[2],)" + settings + "}", {{4, 1}}, {{3, 1, 1}, {1}});
    };
    EXPECT_EQ(transposed(R"("output_padding":[1])"), "accepted");
    EXPECT_THAT(transposed(R"("output_padding":[2])"), HasSubstr("less than 2 cells beyond the last window"));
    EXPECT_NE(transposed(R"("output_padding":[-1])"), "accepted");
    EXPECT_NE(transposed(R"("output_padding":1)"), "accepted");
    EXPECT_NE(transposed(R"("padding":"causal")"), "accepted");
    EXPECT_THAT(transposed(R"("padding":[[5,4]])"), HasSubstr("an output with at least one cell"));
    EXPECT_NE(transposed(R"("groups":2)"), "accepted");
}

TEST(Layers, RefuseSizesThatCannotBe) {
    EXPECT_NE(refusal("up_sampling_1d", R"({"size":[0]})", {{3, 1}}), "accepted");
    EXPECT_NE(refusal("up_sampling_2d", R"({"size":2})", {{3, 3, 1}}), "accepted");
    EXPECT_THAT(refusal("up_sampling_2d", R"({"size":[2,2],"interpolation":"bicubic"})", {{3, 3, 1}}), HasSubstr("`interpolation` nearest or bilinear, found bicubic"));
    EXPECT_THAT(refusal("up_sampling_2d", R"({"size":[1048576,2],"interpolation":"bilinear"})", {{300, 3, 1}}), HasSubstr("2^24 pairs"));
    EXPECT_NE(refusal("adaptive_average_pooling_2d", R"({"output_size":[0,1]})", {{3, 3, 1}}), "accepted");
    EXPECT_THAT(refusal("adaptive_average_pooling_2d", R"({"output_size":[1,1]})", {{3, 1}}), HasSubstr("rank 3"));
    EXPECT_NE(refusal("depthwise_conv1d", R"({"kernel_size":[1],"depth_multiplier":0})", {{3, 1}}, {{1, 1, 0}, {0}}), "accepted");
    EXPECT_THAT(refusal("global_average_pooling_1d", "{}", {{3, 3, 1}}), HasSubstr("rank 2"));
    EXPECT_THAT(refusal("global_max_pooling_2d", "{}", {{}}), HasSubstr("rank 3"));
}

TEST(Layers, RefuseAbsurdAttributes) {
    EXPECT_NE(refusal("dense", R"({"units":0})", {{3}}, {{3, 0}, {0}}), "accepted");
    EXPECT_NE(refusal("dense", R"({"units":1e30})", {{3}}, {{3, 4}, {4}}), "accepted");
    EXPECT_NE(refusal("dense", R"({"units":"4"})", {{3}}, {{3, 4}, {4}}), "accepted");
    EXPECT_NE(refusal("dense", "{}", {{3}}, {{3, 4}, {4}}), "accepted");
    EXPECT_NE(refusal("dense", R"({"units":4,"use_bias":1})", {{3}}, {{3, 4}, {4}}), "accepted");
    EXPECT_NE(refusal("conv2d", R"({"filters":4,"kernel_size":[1,1],"groups":3})", {{3, 3, 4}}, {{1, 1, 1, 4}, {4}}), "accepted");
    EXPECT_NE(refusal("conv2d", R"({"filters":1,"kernel_size":[9223372036854775807,1]})", {{3, 3, 1}}, {{1, 1, 1, 1}}), "accepted");
    EXPECT_NE(refusal("activation", R"({"function":"sine"})", {{3}}), "accepted");
    EXPECT_THAT(refusal("activation", R"({"function":"hard_sigmoid"})", {{3}}), HasSubstr("a positive `slope`"));   // which one is not said
    EXPECT_THAT(refusal("activation", R"({"function":"celu","alpha":0})", {{3}}), HasSubstr("a positive `alpha`"));
    EXPECT_THAT(refusal("activation", R"({"function":"squareplus","b":-1})", {{3}}), HasSubstr("a positive `b`"));
    EXPECT_THAT(refusal("activation", R"({"function":"soft_shrink","threshold":-1})", {{3}}), HasSubstr("`threshold` of at least 0"));
    EXPECT_THAT(refusal("activation", R"({"function":"leaky_relu","negative_slope":"x"})", {{3}}), HasSubstr("`negative_slope`"));
    EXPECT_THAT(refusal("activation", R"({"function":"general_relu","max_value":"six"})", {{3}}), HasSubstr("`max_value`"));
    EXPECT_NE(refusal("activation", R"({"function":"log_softmax"})", {{}}), "accepted");
    EXPECT_NE(refusal("simple_rnn", R"({"units":2,"activation":{"function":"sine"}})", {{4, 3}}, {{3, 2}, {2, 2}, {2}}), "accepted");
    EXPECT_NE(refusal("simple_rnn", R"({"units":2,"activation":7})", {{4, 3}}, {{3, 2}, {2, 2}, {2}}), "accepted");
    EXPECT_NE(refusal("simple_rnn", R"({"units":2,"activation":"softmax"})", {{4, 3}}, {{3, 2}, {2, 2}, {2}}), "accepted");
    EXPECT_NE(refusal("zero_padding_2d", R"({"padding":[[0,-1],[0,0]]})", {{3, 3, 1}}), "accepted");
    EXPECT_NE(refusal("zero_padding_2d", R"({"padding":2})", {{3, 3, 1}}), "accepted");
    EXPECT_NE(refusal("zero_padding_2d", R"({"padding":[[0,1048576],[0,1048576]]})", {{3, 3, 1}}), "accepted");   // 2^40 values
    EXPECT_NE(refusal("rescaling", R"({"scale":"x"})", {{3}}), "accepted");
    EXPECT_NE(refusal("batch_normalization", R"({"epsilon":true})", {{3}}, {{3}, {3}, {3}, {3}}), "accepted");
}

TEST(Layers, RefuseInputsThatDoNotFitTogether) {
    for (const char* kind : {"add", "multiply", "subtract", "average", "maximum", "minimum"}) {
        EXPECT_THAT(refusal(kind, "{}", {{2, 3}, {2, 4}}), HasSubstr("[2, 4]"));
        EXPECT_THAT(refusal(kind, "{}", {{2, 3}, {2}}), HasSubstr("[2]"));
    }
    EXPECT_THAT(refusal("subtract", "{}", {{3}, {3}, {3}}), HasSubstr("2 inputs, found 3"));
    EXPECT_THAT(refusal("subtract", "{}", {{3}}), HasSubstr("2 inputs, found 1"));
    EXPECT_THAT(refusal("dot", "{}", {{3}, {2, 4}}), HasSubstr("one length, 3, found 4"));
    EXPECT_THAT(refusal("dot", "{}", {{3}}), HasSubstr("2 inputs, found 1"));
    EXPECT_THAT(refusal("concatenate", R"({"axis":2})", {{2, 3}, {3, 3}}), HasSubstr("[3, 3]"));
    EXPECT_THAT(refusal("concatenate", R"({"axis":0})", {{2, 3}, {2, 3}}), HasSubstr("`axis`"));
    EXPECT_THAT(refusal("concatenate", R"({"axis":-3})", {{2, 3}, {2, 3}}), HasSubstr("`axis`"));
    EXPECT_THAT(refusal("concatenate", R"({"axis":1})", {{2, 3}, {2}}), HasSubstr("[2]"));
    EXPECT_THAT(refusal("dense", R"({"units":4})", {{3}, {3}}, {{3, 4}, {4}}), HasSubstr("1 input, found 2"));
    EXPECT_THAT(refusal("flatten", "{}", {}), HasSubstr("at least one input"));
    EXPECT_THAT(refusal("flatten", "{}", {{3, -1}}), HasSubstr("[3, ?]"));
}

TEST(Layers, RefuseNormalisationsThatDoNotFit) {
    EXPECT_THAT(refusal("layer_normalization", R"({"axes":3})", {{2, 3}}, {{2, 3}, {2, 3}}), HasSubstr("`axes` of 1 to 2, found 3"));
    EXPECT_THAT(refusal("layer_normalization", R"({"axes":2})", {{2, 3}}, {{3}, {3}}), HasSubstr("a gamma of shape [2, 3]"));
    EXPECT_THAT(refusal("layer_normalization", R"({"statistics":"median"})", {{3}}, {{3}, {3}}), HasSubstr("found median"));
    EXPECT_THAT(refusal("layer_normalization", R"({"epsilon":-1})", {{3}}, {{3}, {3}}), HasSubstr("`epsilon` of at least 0"));
    EXPECT_THAT(refusal("group_normalization", R"({"groups":4})", {{2, 6}}, {{6}, {6}}), HasSubstr("`groups` that divide 6 channels, found 4"));
    EXPECT_THAT(refusal("group_normalization", R"({"groups":0})", {{2, 6}}, {{6}, {6}}), HasSubstr("`groups`"));
    EXPECT_THAT(refusal("group_normalization", R"({"groups":2})", {{2, 6}}, {{3}, {3}}), HasSubstr("a gamma of shape [6]"));
    EXPECT_THAT(refusal("normalization", R"({"axes":2})", {{3}}, {{3}, {3}}), HasSubstr("`axes` of 0 to 1, found 2"));
    EXPECT_THAT(refusal("normalization", "{}", {{3}}, {{3}}), HasSubstr("a moving_variance of shape [3], found none"));
    EXPECT_THAT(refusal("rescaling", R"({"scale":[1,2]})", {{2, 3}}), HasSubstr("one number or 3 for the last axis, found 2"));
    EXPECT_THAT(refusal("rescaling", R"({"offset":[1,2,"x"]})", {{2, 3}}), HasSubstr("finite numbers `offset`"));
    EXPECT_THAT(refusal("prelu", "{}", {{2, 3}}, {{3}}), HasSubstr("an alpha of shape [2, 3]"));
    EXPECT_THAT(refusal("prelu", "{}", {{2, 3}}, {{2, 2}}), HasSubstr("found shape [2, 2]"));
    EXPECT_THAT(refusal("prelu", "{}", {{2, 3}}), HasSubstr("found none"));
    EXPECT_THAT(refusal("repeat_vector", R"({"count":0})", {{3}}), HasSubstr("a positive `count`"));
    EXPECT_THAT(refusal("repeat_vector", R"({"count":2})", {{3, 2}}), HasSubstr("rank 1"));
}

TEST(Layers, RefuseShapesThatCannotBe) {
    EXPECT_NE(refusal("reshape", R"({"target_shape":[5,-1]})", {{4, 3}}), "accepted");
    EXPECT_NE(refusal("reshape", R"({"target_shape":[-1,-1]})", {{4, 3}}), "accepted");
    EXPECT_NE(refusal("reshape", R"({"target_shape":[4,4]})", {{4, 3}}), "accepted");
    EXPECT_NE(refusal("reshape", R"({"target_shape":[0,12]})", {{4, 3}}), "accepted");
    EXPECT_NE(refusal("reshape", R"({"target_shape":"12"})", {{4, 3}}), "accepted");
    EXPECT_NE(refusal("permute", R"({"order":[1,1]})", {{4, 3}}), "accepted");
    EXPECT_NE(refusal("permute", R"({"order":[1,3]})", {{4, 3}}), "accepted");
    EXPECT_NE(refusal("permute", R"({"order":[1]})", {{4, 3}}), "accepted");
}

}  // namespace
}  // namespace assay::test
