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

TEST(Layers, RefuseWindowsThatDoNotFit) {
    EXPECT_THAT(refusal("conv2d", R"({"filters":1,"kernel_size":[5,1]})", {{4, 4, 1}}, {{5, 1, 1, 1}, {1}}), HasSubstr("found a reach of 5 over 4 cells"));
    EXPECT_THAT(refusal("conv2d", R"({"filters":1,"kernel_size":[3,1],"dilation_rate":[2,1]})", {{4, 4, 1}}, {{3, 1, 1, 1}, {1}}), HasSubstr("a reach of 5"));
    EXPECT_THAT(refusal("max_pooling_2d", R"({"pool_size":[2,9]})", {{4, 4, 1}}), HasSubstr("a reach of 9 over 4 cells"));
    EXPECT_THAT(refusal("conv2d", R"({"filters":1,"kernel_size":[1,1],"strides":[0,1]})", {{4, 4, 1}}, {{1, 1, 1, 1}, {1}}), HasSubstr("2 positive integers `strides`, found [0,1]"));
    EXPECT_THAT(refusal("max_pooling_2d", R"({"pool_size":[2,2],"padding":"causal"})", {{4, 4, 1}}), HasSubstr("`padding` same or valid, found causal"));
    EXPECT_THAT(refusal("average_pooling_2d", R"({"pool_size":[2,2]})", {{4, 4}}), HasSubstr("rank 3"));
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
    EXPECT_NE(refusal("simple_rnn", R"({"units":2,"activation":"softmax"})", {{4, 3}}, {{3, 2}, {2, 2}, {2}}), "accepted");
    EXPECT_NE(refusal("zero_padding_2d", R"({"padding":[[0,-1],[0,0]]})", {{3, 3, 1}}), "accepted");
    EXPECT_NE(refusal("zero_padding_2d", R"({"padding":2})", {{3, 3, 1}}), "accepted");
    EXPECT_NE(refusal("zero_padding_2d", R"({"padding":[[0,1048576],[0,1048576]]})", {{3, 3, 1}}), "accepted");   // 2^40 values
    EXPECT_NE(refusal("rescaling", R"({"scale":"x"})", {{3}}), "accepted");
    EXPECT_NE(refusal("batch_normalization", R"({"epsilon":true})", {{3}}, {{3}, {3}, {3}, {3}}), "accepted");
}

TEST(Layers, RefuseInputsThatDoNotFitTogether) {
    EXPECT_THAT(refusal("add", "{}", {{2, 3}, {2, 4}}), HasSubstr("[2, 4]"));
    EXPECT_THAT(refusal("multiply", "{}", {{2, 3}, {3}}), HasSubstr("[3]"));
    EXPECT_THAT(refusal("concatenate", R"({"axis":2})", {{2, 3}, {3, 3}}), HasSubstr("[3, 3]"));
    EXPECT_THAT(refusal("concatenate", R"({"axis":0})", {{2, 3}, {2, 3}}), HasSubstr("`axis`"));
    EXPECT_THAT(refusal("concatenate", R"({"axis":-3})", {{2, 3}, {2, 3}}), HasSubstr("`axis`"));
    EXPECT_THAT(refusal("concatenate", R"({"axis":1})", {{2, 3}, {2}}), HasSubstr("[2]"));
    EXPECT_THAT(refusal("dense", R"({"units":4})", {{3}, {3}}, {{3, 4}, {4}}), HasSubstr("1 input, found 2"));
    EXPECT_THAT(refusal("flatten", "{}", {}), HasSubstr("at least one input"));
    EXPECT_THAT(refusal("flatten", "{}", {{3, -1}}), HasSubstr("[3, ?]"));
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
