// Normalisations of Keras: which node they become, and what is refused.

#include "tests/formats/translated.hpp"

namespace assay::formats {
namespace {

using test::KerasArray;

std::vector<KerasArray> arrays(const std::vector<Shape>& shapes) {
    std::vector<KerasArray> result;
    for (std::size_t k = 0; k < shapes.size(); ++k) result.push_back({"x/w" + std::to_string(k) + ":0", shapes[k], test::count_up(shapes[k], 1)});
    return result;
}

TEST(KerasNorm, AxesAreMovedWhereTheEngineHasThem) {
    const auto made = [](const std::string& class_name, const Json& axis, const std::vector<Shape>& shapes) {
        return kinds(translated({.class_name = class_name, .settings = {{"axis", axis}}, .input = {4, 5, 3}, .arrays = arrays(shapes)}));
    };
    EXPECT_EQ(made("LayerNormalization", -1, {{3}, {3}}), "input layer_normalization");
    EXPECT_EQ(made("LayerNormalization", {1, 2, 3}, {{4, 5, 3}, {4, 5, 3}}), "input layer_normalization");
    EXPECT_EQ(made("LayerNormalization", {-2, -1}, {{5, 3}, {5, 3}}), "input layer_normalization");
    EXPECT_EQ(made("LayerNormalization", 2, {{5}, {5}}), "input permute layer_normalization permute");
    EXPECT_EQ(made("LayerNormalization", {1, 3}, {{4, 3}, {4, 3}}), "input permute layer_normalization permute");
    EXPECT_EQ(made("BatchNormalization", 3, {{3}, {3}, {3}, {3}}), "input batch_normalization");
    EXPECT_EQ(made("BatchNormalization", 2, {{5}, {5}, {5}, {5}}), "input permute batch_normalization permute");
    EXPECT_EQ(made("BatchNormalization", {1}, {{4}, {4}, {4}, {4}}), "input permute batch_normalization permute");
    EXPECT_EQ(made("UnitNormalization", {1, 2, 3}, {}), "input layer_normalization");
    const model::Model model = translated({.class_name = "LayerNormalization", .settings = {{"axis", {1, 3}}}, .input = {4, 5, 3}, .arrays = arrays({{4, 3}, {4, 3}})});
    EXPECT_EQ(node(model, "x/permute").attributes.at("order"), Json::array({2, 1, 3}));
    EXPECT_EQ(node(model, "x").attributes.at("order"), Json::array({2, 1, 3}));
    EXPECT_EQ(node(model, "x/layer_normalization").attributes.at("axes"), 2);
}

TEST(KerasNorm, StatisticsAreThoseOfTheClass) {
    const auto made = [](const std::string& class_name, const Json& settings, const std::vector<Shape>& shapes, const std::string& version = "3.4.1") {
        return translated_node({.class_name = class_name, .settings = settings, .input = {3}, .arrays = arrays(shapes), .keras_version = version}).attributes;
    };
    EXPECT_FALSE(made("LayerNormalization", {{"rms_scaling", false}}, {{3}, {3}}).contains("statistics"));
    EXPECT_EQ(made("LayerNormalization", {{"rms_scaling", true}, {"scale", false}}, {{3}}).at("statistics"), "variance");
    EXPECT_EQ(made("RMSNormalization", Json::object(), {{3}}), (Json{{"epsilon", 1e-6}, {"axis", -1}, {"scale", true}, {"center", false}, {"statistics", "mean_square"}}));
    EXPECT_EQ(made("UnitNormalization", Json::object(), {}).at("epsilon"), 1e-24);
    EXPECT_EQ(made("UnitNormalization", Json::object(), {}, "2.12.0").at("epsilon"), 1e-12);
    EXPECT_EQ(made("GroupNormalization", {{"groups", 3}, {"center", false}}, {{3}}), (Json{{"groups", 3}, {"epsilon", 1e-3}, {"center", false}, {"scale", true}}));
}

TEST(KerasNorm, AnInputsNormalisationHasAMeanAndAVarianceThatDoNotTrain) {
    const model::Model model = translated({.class_name = "Normalization", .settings = {{"axis", {-1}}, {"mean", nullptr}, {"variance", nullptr}}, .input = {2, 3}, .arrays = arrays({{3}, {3}, {}})});
    EXPECT_EQ(kinds(model), "input normalization");
    EXPECT_EQ(node(model, "x").parameters, (std::vector<std::size_t>{0, 1}));
    ASSERT_EQ(model.parameters.size(), 3u);
    EXPECT_EQ(model.parameters[0].name, "x/mean");
    EXPECT_EQ(model.parameters[1].role, model::Role::variance);
    EXPECT_EQ(model.parameters[2].role, model::Role::count);
    for (const model::Parameter& parameter : model.parameters) EXPECT_FALSE(parameter.trainable);
    const auto said = [](const Json& mean, const Json& variance, const Json& axis) {
        return translated_node({.class_name = "Normalization", .settings = {{"axis", axis}, {"mean", mean}, {"variance", variance}}, .input = {2, 3}});
    };
    EXPECT_EQ(said(0.5, 4.0, nullptr).attributes, (Json{{"scale", 0.5}, {"offset", -0.25}}));
    EXPECT_EQ(said({0.5, 1, 0}, {4, 1, 0.25}, -1).attributes, (Json{{"scale", {0.5, 1.0, 2.0}}, {"offset", {-0.25, -1.0, -0.0}}}));
    EXPECT_EQ(said(0.0, 0.0, nullptr).attributes.at("scale"), 1e7);
    EXPECT_EQ(said({0.5, 1}, {4, 1}, 1).layer_class, "Normalization(a mean and a variance of more than the last axis)");
    EXPECT_ERROR(said(0.5, nullptr, -1), ErrorKind::format, "mean");
    EXPECT_ERROR(said(0.5, -1.0, -1), ErrorKind::format, "variance");
    EXPECT_EQ(unsupported_name({.class_name = "Normalization", .settings = {{"invert", true}}, .input = {3}}), "Normalization(invert)");
}

TEST(KerasNorm, OthersAreRefusedByName) {
    const auto refused = [](const std::string& class_name, const Json& settings, const std::vector<Shape>& shapes) {
        return unsupported_name({.class_name = class_name, .settings = settings, .input = {4, 3}, .arrays = arrays(shapes)});
    };
    EXPECT_EQ(refused("BatchNormalization", {{"axis", {1, 2}}}, {{4, 3}, {4, 3}, {4, 3}, {4, 3}}), "BatchNormalization(several axes)");
    EXPECT_EQ(refused("BatchNormalization", {{"renorm", true}}, {{3}, {3}, {3}, {3}}), "BatchNormalization(renorm)");
    const auto wrong = [](const std::string& class_name, const Json& settings) { return translated({.class_name = class_name, .settings = settings, .input = {4, 3}, .arrays = arrays({{3}, {3}})}); };
    EXPECT_ERROR(wrong("LayerNormalization", {{"axis", 0}}), ErrorKind::format, "axis");
    EXPECT_ERROR(wrong("LayerNormalization", {{"axis", 3}}), ErrorKind::format, "axis");
    EXPECT_ERROR(wrong("LayerNormalization", {{"axis", "all"}}), ErrorKind::format, "axis");
    EXPECT_ERROR(wrong("LayerNormalization", {{"axis", Json::array()}}), ErrorKind::format, "axis");
    EXPECT_ERROR(wrong("LayerNormalization", {{"epsilon", -1}}), ErrorKind::format, "epsilon");
    EXPECT_ERROR(wrong("GroupNormalization", {{"groups", 0}}), ErrorKind::format, "groups");
    EXPECT_ERROR(wrong("Rescaling", {{"scale", "half"}}), ErrorKind::format, "scale");
}

TEST(KerasNorm, RescalingMayBePerChannel) {
    EXPECT_EQ(translated_node({.class_name = "Rescaling", .settings = {{"scale", {1, 2}}, {"offset", 0}}, .input = {3, 2}}).attributes, (Json{{"scale", {1.0, 2.0}}, {"offset", 0.0}}));
    EXPECT_EQ(translated_node({.class_name = "Rescaling", .settings = {{"scale", {0.5}}}, .input = {3, 2}}).attributes, (Json{{"scale", 0.5}, {"offset", 0.0}}));
}

TEST(KerasIdentity, IsWhatAugmentationDoesToANetworkInUse) {
    for (const char* name : {"RandomFlip", "RandomRotation", "RandomZoom", "RandomTranslation", "RandomContrast", "RandomBrightness", "RandomErasing"})
        EXPECT_EQ(kinds(translated({.class_name = name, .settings = Json::object(), .input = {4, 4, 3}})), "input identity") << name;
    for (const char* name : {"RandomCrop", "CenterCrop", "Resizing", "Solarization", "Equalization"})   // these change images in use too
        EXPECT_EQ(unsupported_name({.class_name = name, .settings = Json::object(), .input = {4, 4, 3}}), name);
}

}  // namespace
}  // namespace assay::formats
