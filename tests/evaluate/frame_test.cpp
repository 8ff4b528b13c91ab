#include "libanalysis/core/error.hpp"
#include "libanalysis/evaluate/targets.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>

using namespace assay;
using namespace assay::evaluate;

TEST(Column, SplitsIntoMeasureParametersAndConvention) {
    const ColumnParts all = split_column("masked_accuracy[sparsity=0.9].exact");
    EXPECT_EQ(all.measure, "masked_accuracy");
    EXPECT_EQ(all.parameters, "sparsity=0.9");   // the dot inside the brackets is no convention
    EXPECT_EQ(all.convention, "exact");
    EXPECT_EQ(all.request(), "masked_accuracy[sparsity=0.9]");
    EXPECT_EQ(split_column("spectral_norm.matrix").convention, "matrix");
    EXPECT_EQ(split_column("path_norm").request(), "path_norm");
}

TEST(Frame, FindsAMeasureByItsNameUnlessTwoColumnsBearIt) {
    Frame frame;
    frame.models = {"a"};
    frame.measures = {{"path_norm.exact", {1}}, {"norm.matrix", {2}}, {"norm.exact", {3}}};
    ASSERT_NE(frame.measure("path_norm"), nullptr);
    EXPECT_EQ(frame.measure("path_norm")->name, "path_norm.exact");
    EXPECT_EQ(frame.measure("norm"), nullptr);
    ASSERT_NE(frame.measure("measure.norm.exact"), nullptr);
}

TEST(Factor, OrdersNumbersAsNumbersAndWordsAsWords) {
    EXPECT_EQ(levels({"width", {"16", "8", "128", "8", ""}}), (std::vector<std::string>{"8", "16", "128"}));
    EXPECT_EQ(levels({"optimizer", {"sgd", "adam"}}), (std::vector<std::string>{"adam", "sgd"}));
    EXPECT_EQ(level_of_model({"width", {"16", "8", "128", "8", ""}}), (std::vector<int>{1, 0, 2, 0, -1}));
}

TEST(Factor, UnknownNameIsAnErrorThatListsWhatThereIs) {
    Frame frame;
    frame.config = {{"depth", {}}, {"width", {}}};
    EXPECT_EQ(frame.factor("config.depth").name, "depth");
    try {
        frame.factor("config.deepth");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::usage);
        EXPECT_NE(std::string(error.what()).find("config.depth, config.width"), std::string::npos);
    }
}

TEST(Targets, PreferLoggedValuesAndNeverMixTheTwo) {
    Frame frame;
    frame.models = {"a", "b", "c"};
    frame.measures = {{"train_accuracy", {1, 1, 0.5}}, {"test_accuracy", {0.5, 0.75, 0.25}}};
    const auto measured = gap(frame);
    ASSERT_TRUE(measured);
    EXPECT_EQ(measured->values, (std::vector<double>{0.5, 0.25, 0.25}));
    EXPECT_TRUE(measured->source.starts_with("measured"));

    frame.metrics = {{"test_accuracy", {0.25, 0.5, 0.75}}};   // no logged train accuracy: the gap stays a measured pair
    EXPECT_TRUE(gap(frame)->source.starts_with("measured"));
    EXPECT_TRUE(test_error(frame)->source.starts_with("logged"));
    EXPECT_EQ(test_error(frame)->values, (std::vector<double>{0.75, 0.5, 0.25}));

    frame.metrics.push_back({"train_accuracy", {1, 1, 1}});
    EXPECT_TRUE(gap(frame)->source.starts_with("logged"));
    EXPECT_EQ(gap(frame)->values, (std::vector<double>{0.75, 0.5, 0.25}));
}

TEST(Targets, TakeMeasuredValuesWhereFewerModelsHaveLoggedOnes) {
    Frame frame;
    frame.models = {"a", "b"};
    frame.metrics = {{"test_accuracy", {0.5, missing}}};
    frame.measures = {{"test_accuracy", {0.5, 0.75}}};
    EXPECT_TRUE(test_error(frame)->source.starts_with("measured"));
    EXPECT_EQ(test_error(frame)->models, 2u);
}

TEST(Targets, AConstantTargetIsNone) {
    Frame frame;
    frame.models = {"a", "b", "c"};
    frame.metrics = {{"test_accuracy", {0.5, 0.5, 0.5}}, {"train_accuracy", {1, 0.5, 0.75}}};
    const auto found = targets(frame);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].name, "gap");
}
