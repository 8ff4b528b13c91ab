#include "libanalysis/predict/population.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace assay::predict {
namespace {

Json structure(const char* inputs, const char* outputs, const std::vector<std::string>& layers) { return {{"inputs", inputs}, {"outputs", outputs}, {"layers", layers}}; }

TEST(Population, NoticesAnotherKindOfModel) {
    Population population;
    EXPECT_TRUE(population.unlike(structure("7", "3", {"dense"})).empty()) << "of an empty population nothing is known";
    population.add(structure("28 x 28 x 1", "10", {"conv2d", "dense"}));
    population.add(structure("32 x 32 x 3", "10", {"conv2d", "pool2d", "dense"}));
    population.add(Json());
    EXPECT_TRUE(population.unlike(structure("32 x 32 x 3", "10", {"dense", "pool2d"})).empty());
    EXPECT_TRUE(population.unlike(Json()).empty()) << "weights alone";
    EXPECT_THAT(population.unlike(structure("7", "3", {"dense", "gru"})),
                testing::ElementsAre("inputs 7, where the fitted models have 28 x 28 x 1 or 32 x 32 x 3", "outputs 3, where the fitted models have 10",
                                     "layers that no fitted model has: gru"));
    const Population again = Population::from_json(population.to_json());
    EXPECT_EQ(again.to_json(), population.to_json());
    EXPECT_EQ(again.unlike(structure("7", "10", {"gru"})).size(), 2u);
    EXPECT_ANY_THROW(Population::from_json({{"inputs", 1}}));
}

TEST(Population, FindsWhatWentBeforeTheInputs) {
    const std::string hash(64, 'a');
    EXPECT_THAT(preprocessing_in(""), testing::IsEmpty());
    EXPECT_THAT(preprocessing_in(hash + ";x * 0.5;train;all"), testing::ElementsAre("x * 0.5"));
    EXPECT_THAT(preprocessing_in(hash + ";x * 0.5 + 1;train;the first 10 + " + hash + ";none declared: x * 1;test;all"), testing::ElementsAre("none declared: x * 1", "x * 0.5 + 1"));
    Population population;
    EXPECT_THAT(population.other_preprocessing({"x * 1"}), testing::IsEmpty()) << "the zoo read no data";
    population.preprocessing = {"x * 0.5"};
    EXPECT_THAT(population.other_preprocessing({"x * 0.5"}), testing::IsEmpty());
    EXPECT_THAT(population.other_preprocessing({"x * 0.5", "x * 1"}), testing::ElementsAre("x * 1"));
}

}  // namespace
}  // namespace assay::predict
