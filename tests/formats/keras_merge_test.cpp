// Merging layers, and arithmetic that Keras writes as layers.

#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"

namespace assay::formats {
namespace {

Json input(const std::string& name, const Json& batch_shape) { return test::keras_node("InputLayer", name, {{"batch_shape", batch_shape}}, Json::array()); }
Json triple(const std::string& name) { return Json::array({name, 0, 0}); }
Json tensor(const std::string& name) { return {{"class_name", "__keras_tensor__"}, {"config", {{"keras_history", {name, 0, 0}}}}}; }

/// A model with inputs a and b and one more layer x.
model::Model load(const std::string& class_name, const Json& config, const Json& inbound, const Json& a = {nullptr, 3}, const Json& b = {nullptr, 3},
                  const std::string& version = "3.4.1") {
    test::KerasFile file;
    file.config = test::keras_functional(Json::array({input("a", a), input("b", b), test::keras_node(class_name, "x", config, inbound)}), Json::array({triple("a"), triple("b")}),
                                         Json::array({triple("x")}));
    file.keras_version = version;
    const test::Scratch scratch;
    file.write(scratch / "m.h5");
    return load_model(scratch / "m.h5");
}

Json called(const Json& args) { return Json::array({{{"args", args}, {"kwargs", Json::object()}}}); }

TEST(KerasMerge, OperationsOnTensorsAndNumbersAreLayers) {
    const auto operation = [](const std::string& class_name, const Json& args) { return node(load(class_name, Json::object(), called(args)), "x"); };
    const Json a = tensor("a"), b = tensor("b");
    EXPECT_EQ(operation("Add", Json::array({a, b})).kind, "add");
    EXPECT_EQ(operation("Subtract", Json::array({a, b})).kind, "subtract");
    EXPECT_EQ(operation("Multiply", Json::array({a, b})).kind, "multiply");
    EXPECT_EQ(operation("Maximum", Json::array({a, b})).kind, "maximum");
    EXPECT_EQ(operation("Minimum", Json::array({a, b})).kind, "minimum");
    const auto factors = [&](const std::string& class_name, const Json& args) {
        const model::Node made = operation(class_name, args);
        return made.kind == "rescaling" ? made.attributes : Json(made.layer_class);
    };
    EXPECT_EQ(factors("Add", Json::array({a, 2.5})), (Json{{"scale", 1.0}, {"offset", 2.5}}));
    EXPECT_EQ(factors("Add", Json::array({2, a})), (Json{{"scale", 1.0}, {"offset", 2.0}}));
    EXPECT_EQ(factors("Subtract", Json::array({a, 2.5})), (Json{{"scale", 1.0}, {"offset", -2.5}}));
    EXPECT_EQ(factors("Subtract", Json::array({2.5, a})), (Json{{"scale", -1.0}, {"offset", 2.5}}));
    EXPECT_EQ(factors("Multiply", Json::array({a, -0.5})), (Json{{"scale", -0.5}, {"offset", 0.0}}));
    EXPECT_EQ(factors("TrueDivide", Json::array({a, 4})), (Json{{"scale", 0.25}, {"offset", 0.0}}));
    EXPECT_EQ(factors("Divide", Json::array({a, 4})), (Json{{"scale", 0.25}, {"offset", 0.0}}));
    EXPECT_EQ(factors("Negative", Json::array({a})), (Json{{"scale", -1.0}, {"offset", 0.0}}));
    EXPECT_EQ(factors("Divide", Json::array({4, a})), "Divide(by a tensor)");
    EXPECT_EQ(factors("Divide", Json::array({a, b})), "Divide(by a tensor)");
    EXPECT_EQ(factors("Divide", Json::array({a, 0})), "Divide(by zero)");
    EXPECT_EQ(factors("Maximum", Json::array({a, 2})), "Maximum(of a number)");
}

TEST(KerasMerge, CallsOfTensorFlowAreLayers) {
    const auto made = [](const std::string& function, const Json& inbound) { return node(load("TFOpLambda", {{"function", function}}, inbound, {nullptr, 3}, {nullptr, 3}, "2.11.0"), "x"); };
    const auto with = [](const Json& keywords) { return Json::array({Json::array({"a", 0, 0, keywords})}); };
    EXPECT_EQ(made("__operators__.add", with({{"y", Json::array({"b", 0, 0})}, {"name", nullptr}})).kind, "add");
    EXPECT_EQ(made("math.multiply", with({{"y", Json::array({"b", 0, 0})}, {"name", nullptr}})).kind, "multiply");
    EXPECT_EQ(made("math.subtract", with({{"y", 2.5}, {"name", nullptr}})).attributes, (Json{{"scale", 1.0}, {"offset", -2.5}}));
    EXPECT_EQ(made("math.truediv", with({{"y", 255.0}, {"name", nullptr}})).attributes, (Json{{"scale", 1 / 255.0}, {"offset", 0.0}}));
    EXPECT_EQ(made("nn.relu", with({{"name", nullptr}})).attributes, (Json{{"function", "relu"}}));
    EXPECT_EQ(made("math.negative", with({{"name", nullptr}})).attributes, (Json{{"scale", -1.0}, {"offset", 0.0}}));
    const auto refused = [&](const std::string& function, const Json& inbound) {
        const model::Node node = made(function, inbound);
        return node.kind == "unsupported" ? node.layer_class : "supported";
    };
    EXPECT_EQ(refused("linalg.matmul", with({{"b", Json::array({"b", 0, 0})}})), "TFOpLambda(linalg.matmul)");
    EXPECT_EQ(refused("math.truediv", with({{"y", Json::array({"b", 0, 0})}})), "math.truediv(by a tensor)");
    EXPECT_EQ(refused("math.multiply", with({{"y", {1.0, 2.0, 3.0}}})), "math.multiply(of something that is neither a tensor nor a number)");
    EXPECT_EQ(refused("nn.relu", with({{"alpha", 0.3}})), "nn.relu(alpha)");
    // The number comes first: 2 - a.
    EXPECT_EQ(refused("math.subtract", Json::array({Json::array({"_CONSTANT_VALUE", -1, 2.0, {{"y", Json::array({"a", 0, 0})}, {"name", nullptr}}})})),
              "math.subtract(of something that is neither a tensor nor a number)");
}

TEST(KerasMerge, OperationsOfNumPyWithALayersNameAreOthers) {
    EXPECT_EQ(node(load("Average", {{"axis", nullptr}}, called(Json::array({tensor("a")}))), "x").layer_class, "Average(over an axis)");
    EXPECT_EQ(node(load("Dot", Json::object(), called(Json::array({tensor("a"), tensor("b")}))), "x").layer_class, "Dot(of NumPy)");
}

TEST(KerasMerge, OperationsThatAreActivationsHaveTheirOwnDefaults) {
    const auto attributes = [](const std::string& class_name, const Json& config) { return node(load(class_name, config, called(Json::array({tensor("a")}))), "x").attributes; };
    EXPECT_EQ(attributes("Relu", Json::object()), (Json{{"function", "relu"}}));
    EXPECT_EQ(attributes("LeakyRelu", {{"negative_slope", 0.1}}), (Json{{"function", "leaky_relu"}, {"negative_slope", 0.1}}));
    EXPECT_EQ(attributes("Gelu", Json::object()), (Json{{"function", "gelu_tanh"}}));
    EXPECT_EQ(attributes("Gelu", {{"approximate", false}}), (Json{{"function", "gelu"}}));
    EXPECT_EQ(attributes("HardSigmoid", Json::object()), (Json{{"function", "hard_sigmoid"}, {"slope", 1.0 / 6}}));
    EXPECT_EQ(attributes("Exp", Json::object()), (Json{{"function", "exponential"}}));
    EXPECT_EQ(attributes("Relu6", Json::object()).at("max_value"), 6.0);
    EXPECT_EQ(attributes("LogSigmoid", Json::object()), (Json{{"function", "log_sigmoid"}}));
}

TEST(KerasMerge, DotMovesItsAxesToTheEnd) {
    const Json both = called(Json::array({Json::array({tensor("a"), tensor("b")})}));
    EXPECT_EQ(kinds(load("Dot", {{"axes", -1}}, both)), "input input dot");
    EXPECT_EQ(kinds(load("Dot", {{"axes", {1, 2}}}, both, {nullptr, 3, 2}, {nullptr, 2, 3})), "input input permute dot");
    EXPECT_EQ(kinds(load("Dot", {{"axes", 1}, {"normalize", true}}, both)), "input input layer_normalization layer_normalization dot");
    EXPECT_ERROR(load("Dot", {{"axes", 0}}, both), ErrorKind::format, "axes");
    EXPECT_ERROR(load("Dot", {{"axes", 2}}, both), ErrorKind::format, "axes");
    EXPECT_ERROR(load("Dot", {{"axes", {1, 1, 1}}}, both), ErrorKind::format, "axes");
    EXPECT_ERROR(load("Dot", {{"axes", "last"}}, both), ErrorKind::format, "axes");
}

TEST(KerasMerge, ModesOfKerasOneAreTheLayersOfToday) {
    const Json both = Json::array({Json::array({triple("a"), triple("b")})});
    const auto made = [&](const Json& config) { return node(load("Merge", config, both, {nullptr, 3}, {nullptr, 3}, "1.2.2"), "x"); };
    for (const auto& [mode, kind] : {std::pair{"sum", "add"}, {"mul", "multiply"}, {"concat", "concatenate"}, {"ave", "average"}, {"max", "maximum"}, {"dot", "dot"}, {"cos", "reshape"}})
        EXPECT_EQ(made({{"mode", mode}, {"dot_axes", -1}, {"concat_axis", -1}}).kind, kind) << mode;
    EXPECT_EQ(made({{"mode", "lambda"}}).layer_class, "Merge");
    EXPECT_EQ(node(load("Merge", {{"mode", "cos"}, {"dot_axes", -1}}, both, {nullptr, 2, 3}, {nullptr, 2, 3}, "1.2.2"), "x").layer_class, "Merge(cos of matrices)");
}

}  // namespace
}  // namespace assay::formats
