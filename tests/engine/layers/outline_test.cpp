// Shapes, multiply-adds and receptive fields without running anything; past layers that Assay does not have.

#include "libanalysis/engine/outline.hpp"

#include "libanalysis/engine/network.hpp"
#include "tests/engine/layers/model_builder.hpp"

#include <gtest/gtest.h>

namespace assay::engine {
namespace {

// conv 3x3 / 1, pool 2x2 / 2, conv 3x3 / 2 dilated 1, flatten, dense
model::Model convolutional(const char* middle = "max_pooling_2d") {
    test::ModelBuilder builder;
    const auto x = builder.input("x", {20, 20, 1});
    const auto a = builder.node("a", "conv2d", {{"filters", 4}, {"kernel_size", {3, 3}}, {"strides", {1, 1}}, {"dilation_rate", {1, 1}}, {"padding", "valid"}, {"use_bias", false}}, {x},
                                {builder.parameter("a/kernel", {3, 3, 1, 4})});
    const auto p = builder.node("p", middle, {{"pool_size", {2, 2}}, {"strides", {2, 2}}, {"padding", "valid"}}, {a});
    const auto b = builder.node("b", "conv2d", {{"filters", 2}, {"kernel_size", {3, 3}}, {"strides", {1, 1}}, {"dilation_rate", {2, 2}}, {"padding", "valid"}, {"use_bias", false}}, {p},
                                {builder.parameter("b/kernel", {3, 3, 4, 2})});
    const auto f = builder.node("f", "flatten", Json::object(), {b});
    builder.output(builder.dense("d", 50, 3, f));
    return builder.model;
}

TEST(Outline, AgreesWithTheNetworkAndCountsReceptiveFields) {
    const model::Model model = convolutional();
    const auto told = outline(model);
    const Network network(model);
    double madds = 0;
    for (std::size_t vertex = 0; vertex < told.size(); ++vertex) {
        const auto at = std::find(network.node_names().begin(), network.node_names().end(), model.architecture->graph[vertex].name) - network.node_names().begin();
        EXPECT_EQ(told[vertex].shape, network.node_shape(static_cast<std::size_t>(at)));
        madds += told[vertex].madds;
    }
    EXPECT_EQ(madds, network.forward_madds());
    // By hand: 3; 3 + 1 = 4 moving 2; 4 + 2 * 2 * 2 = 12 moving 2; all.
    const auto field = [&](std::size_t vertex) { return told[vertex].field.at(0).size; };
    EXPECT_EQ(field(0), 1);
    EXPECT_EQ(field(1), 3);
    EXPECT_EQ(field(2), 4);
    EXPECT_EQ(field(3), 12);
    EXPECT_EQ(told[3].field[1].step, 2);
    EXPECT_TRUE(told[4].sees_all);
    EXPECT_TRUE(told[5].sees_all);
}

TEST(Outline, KnowsThatRecurrencesAndAttentionSeeAll) {
    test::ModelBuilder builder;
    const auto x = builder.input("x", {6, 2});
    const auto l = builder.node("l", "gru", {{"units", 2}, {"return_sequences", true}, {"use_bias", false}}, {x}, {builder.parameter("l/kernel", {2, 6}), builder.parameter("l/recurrent", {2, 6})});
    const auto a = builder.node("a", "attention", Json::object(), {x, x});
    const auto t = builder.node("t", "time_distributed", {{"kind", "rescaling"}}, {x});
    builder.output(l), builder.output(a), builder.output(t);
    const auto told = outline(builder.model);
    EXPECT_FALSE(told[x].sees_all);
    EXPECT_TRUE(told[l].sees_all);
    EXPECT_TRUE(told[a].sees_all);
    EXPECT_FALSE(told[t].sees_all);
    EXPECT_TRUE(told[t].field.empty());
}

TEST(Outline, OfAWholeImageSeesAllAndOfUnevenWindowsSaysNothing) {
    test::ModelBuilder builder;
    const auto x = builder.input("x", {7, 7, 2});
    const auto conv = builder.node("conv", "depthwise_conv2d", {{"kernel_size", {3, 3}}, {"use_bias", false}}, {x}, {builder.parameter("kernel", {3, 3, 2, 1})});
    const auto global = builder.node("global", "global_average_pooling_2d", {{"keepdims", true}}, {conv});
    const auto uneven = builder.node("uneven", "adaptive_average_pooling_2d", {{"output_size", {2, 2}}}, {conv});
    builder.output(global);
    builder.output(uneven);
    const auto told = outline(builder.model);
    EXPECT_EQ(told[conv].field.at(0).size, 3);
    EXPECT_TRUE(told[global].sees_all);
    EXPECT_TRUE(told[uneven].field.empty() && !told[uneven].sees_all);
}

TEST(Outline, GoesOnPastWhatItCannotBuild) {
    const auto told = outline(convolutional("unsupported"));
    EXPECT_EQ(told[1].shape, (Shape{18, 18, 4}));
    EXPECT_EQ(told[2].problem, "Assay has no such layer");
    EXPECT_FALSE(told[2].shape.has_value());
    EXPECT_FALSE(told[3].shape.has_value());   // not known, and nothing wrong with it
    EXPECT_TRUE(told[3].problem.empty());
}

TEST(Outline, SaysWhyALayerCannotBeBuiltAndFillsOpenExtents) {
    model::Model model = convolutional();
    model.architecture->graph[0].attributes["shape"] = Shape{-1, -1, 1};
    EXPECT_FALSE(outline(model)[1].shape.has_value());
    EXPECT_EQ(outline(model, {{20, 20, 1}})[5].shape, (Shape{3}));
    EXPECT_NE(outline(model, {{2, 2, 1}})[1].problem.find("a window that fits the input"), std::string::npos);
}

}  // namespace
}  // namespace assay::engine
