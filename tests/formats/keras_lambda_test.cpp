// Lambda layers: refused under their name, or what their users say.

#include "tests/formats/formats_support.hpp"
#include "tests/formats/keras_writer.hpp"
#include "tests/support/support.hpp"

namespace assay::formats {
namespace {

model::Model load(const std::map<std::string, std::string>& lambdas) {
    test::KerasFile file;
    file.config = test::keras_sequential({3}, Json::array({test::keras_layer("Lambda", "scale", {{"function", {"4wEAAAAAAAAA", nullptr, nullptr}}, {"function_type", "lambda"}}),
                                                           test::keras_layer("Dense", "d", {{"units", 2}})}));
    file.layers = {test::dense_arrays("d", 3, 2)};
    const test::Scratch scratch;
    file.write(scratch / "m.h5");
    return load_model(scratch / "m.h5", {.architecture = {}, .lambdas = lambdas});
}

TEST(KerasLambda, IsUnsupportedUnderItsNameAndTheRestIsServed) {
    const model::Model model = load({});
    EXPECT_EQ(kinds(model), "input unsupported dense");
    EXPECT_EQ(node(model, "scale").layer_class, "Lambda");
    EXPECT_TRUE(has_note(model, "layer scale of class Lambda is not supported"));
    EXPECT_EQ(model.parameters.size(), 2u);
}

TEST(KerasLambda, IsTheFunctionThatItsUserSays) {
    const model::Model model = load({{"scale", "(x-0.5)/0.25"}});
    EXPECT_EQ(kinds(model), "input rescaling dense");
    EXPECT_EQ(node(model, "scale").attributes, (Json{{"scale", 4.0}, {"offset", -2.0}}));
    EXPECT_TRUE(has_note(model, "layer scale, a Lambda, is taken to be (x-0.5)/0.25, as was asked: 4 x + -2"));
}

TEST(KerasLambda, IsTheActivationThatItsUserNames) {
    const model::Model model = load({{"scale", "square"}});
    EXPECT_EQ(kinds(model), "input activation dense");
    EXPECT_EQ(node(model, "scale").attributes, (Json{{"function", "square"}}));
    EXPECT_TRUE(has_note(model, "layer scale, a Lambda, is taken to be the function square, as was asked"));
}

TEST(KerasLambda, RefusesOtherNamesAndFunctions) {
    EXPECT_ERROR(load({{"d", "x"}}), ErrorKind::usage, "a model that has scale");
    EXPECT_ERROR(load({{"scale", "x*x"}}), ErrorKind::usage, "lambda scale");
    test::KerasFile weights;
    weights.layers = {test::dense_arrays("d", 3, 2)};
    const test::Scratch scratch;
    weights.write(scratch / "w.h5");
    EXPECT_ERROR(load_model(scratch / "w.h5", {.architecture = {}, .lambdas = {{"scale", "x"}}}), ErrorKind::usage, "an architecture");
}

}  // namespace
}  // namespace assay::formats
