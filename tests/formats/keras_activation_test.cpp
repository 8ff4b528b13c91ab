// Keras' activations in the forms that its versions write.

#include "tests/formats/translated.hpp"

namespace assay::formats {
namespace {

Json by_setting(const Json& activation, const std::string& version = "2.4.0") {
    return translated_node({.class_name = "Activation", .settings = {{"activation", activation}}, .input = {3}, .keras_version = version}).attributes;
}

Json by_class(const std::string& class_name, const Json& settings) { return translated_node({.class_name = class_name, .settings = settings}).attributes; }

TEST(KerasActivation, IsReadByName) {
    for (const char* name : {"linear", "relu", "tanh", "sigmoid", "softmax", "log_softmax", "selu", "gelu", "softplus", "softsign", "log_sigmoid", "exponential", "silu", "mish",
                             "hard_silu", "hard_tanh", "tanh_shrink", "sparse_plus"})
        EXPECT_EQ(by_setting(name), (Json{{"function", name}}));
    EXPECT_EQ(by_setting(nullptr), (Json{{"function", "linear"}}));
    EXPECT_EQ(by_setting("swish"), (Json{{"function", "silu"}}));
    EXPECT_EQ(by_setting("hard_swish"), (Json{{"function", "hard_silu"}}));
    EXPECT_EQ(by_setting("elu"), (Json{{"function", "elu"}, {"alpha", 1.0}}));
    EXPECT_EQ(by_setting("celu"), (Json{{"function", "celu"}, {"alpha", 1.0}}));
    EXPECT_EQ(by_setting("leaky_relu"), (Json{{"function", "leaky_relu"}, {"negative_slope", 0.2}}));
    EXPECT_EQ(by_setting("relu6"), (Json{{"function", "general_relu"}, {"negative_slope", 0.0}, {"threshold", 0.0}, {"max_value", 6.0}}));
    EXPECT_EQ(by_setting("soft_shrink"), (Json{{"function", "soft_shrink"}, {"threshold", 0.5}}));
    EXPECT_EQ(by_setting("hard_shrink"), (Json{{"function", "hard_shrink"}, {"threshold", 0.5}}));
    EXPECT_EQ(by_setting("squareplus"), (Json{{"function", "squareplus"}, {"b", 4.0}}));
    EXPECT_EQ(by_setting("sparse_sigmoid"), (Json{{"function", "hard_sigmoid"}, {"slope", 0.5}}));
}

TEST(KerasActivation, IsTheHardSigmoidOfTheVersionThatWroteTheFile) {
    EXPECT_EQ(by_setting("hard_sigmoid", "2.15.0").at("slope"), 0.2);
    EXPECT_EQ(by_setting("hard_sigmoid", "1.2.2").at("slope"), 0.2);
    EXPECT_EQ(by_setting("hard_sigmoid", "3.4.1").at("slope"), 1.0 / 6);
}

TEST(KerasActivation, MayBeAnObject) {
    EXPECT_EQ(by_setting({{"class_name", "function"}, {"config", "relu"}, {"registered_name", "function"}}), (Json{{"function", "relu"}}));
    EXPECT_EQ(by_setting({{"class_name", "LeakyReLU"}, {"config", {{"alpha", 0.1}, {"name", "l"}}}}), (Json{{"function", "leaky_relu"}, {"negative_slope", 0.1}}));
    EXPECT_EQ(by_setting({{"module", "keras.layers"}, {"class_name", "LeakyReLU"}, {"config", {{"negative_slope", 0.1}}}}, "3.4.1"),
              (Json{{"function", "leaky_relu"}, {"negative_slope", 0.1}}));
    EXPECT_EQ(by_setting({{"class_name", "ReLU"}, {"config", {{"max_value", 2.0}, {"negative_slope", 0.5}, {"threshold", 1.0}}}}, "3.4.1"),
              (Json{{"function", "general_relu"}, {"negative_slope", 0.5}, {"threshold", 1.0}, {"max_value", 2.0}}));
    EXPECT_EQ(by_setting({{"class_name", "Activation"}, {"config", {{"activation", "tanh"}}}}), (Json{{"function", "tanh"}}));
    EXPECT_EQ(by_setting({{"class_name", "gelu"}, {"config", {{"approximate", true}}}}), (Json{{"function", "gelu_tanh"}}));
    EXPECT_EQ(by_setting({{"class_name", "Mish"}, {"config", Json::object()}}, "3.4.1"), (Json{{"function", "mish"}}));
    EXPECT_EQ(by_setting({{"class_name", "threshold"}, {"config", {{"threshold", 0.25}, {"default_value", -1}}}}),
              (Json{{"function", "threshold"}, {"threshold", 0.25}, {"value", -1.0}}));
    EXPECT_EQ(by_setting("LeakyReLU"), (Json{{"function", "leaky_relu"}, {"negative_slope", 0.3}}));
}

TEST(KerasActivation, MayBeALayer) {
    EXPECT_EQ(by_class("ReLU", Json::object()), (Json{{"function", "relu"}}));
    EXPECT_EQ(by_class("ReLU", {{"max_value", nullptr}, {"negative_slope", 0.0}, {"threshold", 0.0}}), (Json{{"function", "relu"}}));
    EXPECT_EQ(by_class("ReLU", {{"max_value", 6.0}}), (Json{{"function", "general_relu"}, {"negative_slope", 0.0}, {"threshold", 0.0}, {"max_value", 6.0}}));
    EXPECT_EQ(by_class("ReLU", {{"negative_slope", 0.25}}), (Json{{"function", "leaky_relu"}, {"negative_slope", 0.25}}));
    EXPECT_EQ(by_class("LeakyReLU", Json::object()), (Json{{"function", "leaky_relu"}, {"negative_slope", 0.3}}));
    EXPECT_EQ(by_class("LeakyReLU", {{"alpha", 0.2}}), (Json{{"function", "leaky_relu"}, {"negative_slope", 0.2}}));
    EXPECT_EQ(by_class("ThresholdedReLU", {{"theta", 0.5}}), (Json{{"function", "general_relu"}, {"negative_slope", 0.0}, {"threshold", 0.5}}));
    EXPECT_EQ(by_class("ELU", {{"alpha", 0.5}}), (Json{{"function", "elu"}, {"alpha", 0.5}}));
}

TEST(KerasActivation, IsSoftmaxOverTheAxisThatIsMeant) {
    const auto kinds_of = [](const Json& settings) { return kinds(translated({.class_name = "Softmax", .settings = settings, .input = {4, 5, 3}})); };
    EXPECT_EQ(kinds_of({{"axis", -1}}), "input activation");
    EXPECT_EQ(kinds_of({{"axis", 3}}), "input activation");
    EXPECT_EQ(kinds_of({{"axis", 1}}), "input permute activation permute");
    const model::Model model = translated({.class_name = "Softmax", .settings = {{"axis", -3}}, .input = {4, 5, 3}});
    EXPECT_EQ(node(model, "x").attributes.at("order"), Json::array({3, 2, 1}));
    EXPECT_EQ(node(model, "x/permute").attributes.at("order"), Json::array({3, 2, 1}));
    EXPECT_EQ(kinds_of({{"axis", {-1}}}), kinds_of({{"axis", -1}}));
    EXPECT_EQ(unsupported_name({.class_name = "Softmax", .settings = {{"axis", {1, 2}}}, .input = {4, 5, 3}}), "Softmax(axis [1,2])");
    EXPECT_EQ(unsupported_name({.class_name = "Softmax", .settings = {{"axis", nullptr}}, .input = {4, 5, 3}}), "Softmax(over all axes)");
    EXPECT_ERROR(translated({.class_name = "Softmax", .settings = {{"axis", 4}}, .input = {4, 5, 3}}), ErrorKind::format, "axis");
    EXPECT_ERROR(translated({.class_name = "Softmax", .settings = {{"axis", 0}}, .input = {4, 5, 3}}), ErrorKind::format, "axis");
}

TEST(KerasActivation, IsRefusedByItsNameWhereTheEngineHasNone) {
    const auto refused = [](const Json& activation) {
        return unsupported_name({.class_name = "Activation", .settings = {{"activation", activation}}});
    };
    EXPECT_EQ(refused("sparsemax"), "Activation(sparsemax)");
    EXPECT_EQ(refused({{"class_name", "quantized_relu"}, {"config", {{"bits", 8}}}}), "Activation(quantized_relu)");
    EXPECT_EQ(refused({{"class_name", "Custom>swish"}, {"config", Json::object()}}), "Activation(Custom>swish)");
    EXPECT_EQ(refused({{"class_name", "Softmax"}, {"config", {{"axis", 1}}}}), "Activation(softmax of another axis)");
    EXPECT_ERROR(by_setting(7), ErrorKind::format, "activation");
    EXPECT_ERROR(by_setting({{"class_name", "LeakyReLU"}, {"config", {{"alpha", "steep"}}}}), ErrorKind::format, "alpha");
}

}  // namespace
}  // namespace assay::formats
