#include "libanalysis/evaluate/evaluation.hpp"

#include "libanalysis/evaluate/kendall.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>

using namespace assay;
using namespace assay::evaluate;

namespace {

// 30 models whose gap is `good`, up to a little noise; `noise` is unrelated; test_loss looks at the answer.
Frame zoo() {
    Frame frame;
    Column train{"train_accuracy", {}}, test{"test_accuracy", {}}, good{"good.exact", {}}, noise{"noise", {}}, parameters{"parameter_count", {}},
        answer{"test_loss", {}}, flat{"flat", {}}, sparse{"sparse", {}};
    Factor depth{"depth", {}};
    const Seed seed{9};
    for (std::uint64_t i = 0; i < 30; ++i) {
        const double gap = 0.05 + 0.1 * seed.uniform(i);
        frame.models.push_back("model_" + std::to_string(i));
        train.values.push_back(0.99);
        test.values.push_back(0.99 - gap);
        good.values.push_back(gap + 0.004 * seed.normal(100 + i));
        noise.values.push_back(seed.normal(200 + i));
        parameters.values.push_back(static_cast<double>(1000 * (1 + i % 3)));
        answer.values.push_back(gap);
        flat.values.push_back(1);
        sparse.values.push_back(i < 10 ? gap : missing);
        depth.values.push_back(std::to_string(i % 5));
    }
    frame.config = {depth};
    frame.metrics = {train, test, {"train_loss", good.values}};
    frame.measures = {good, noise, parameters, answer, flat, sparse};
    return frame;
}

EvaluationOptions options() {
    EvaluationOptions options;
    options.replicates = 200;
    options.needs_test_labels = [](std::string_view measure) { return measure == "test_loss"; };
    return options;
}

const MeasureScore& of(const TargetScores& scores, std::string_view measure) {
    for (const MeasureScore& score : scores.scores)
        if (score.measure == measure) return score;
    throw std::runtime_error("no score");
}

}  // namespace

TEST(Evaluation, PutsEveryMeasureBesideBaselinesAndChance) {
    const Evaluation result = evaluate::evaluate(zoo(), options());
    ASSERT_EQ(result.targets.size(), 2u);
    const TargetScores& gap = result.targets[0];
    EXPECT_EQ(gap.target.name, "gap");
    EXPECT_EQ(of(gap, "test_loss").role, Role::needs_test_labels);
    EXPECT_EQ(of(gap, "parameter_count").role, Role::baseline);
    EXPECT_EQ(of(gap, "metric.train_loss").role, Role::baseline);
    EXPECT_EQ(result.measures_tried, 6u);   // all but the one that looks at the answer
    EXPECT_TRUE(of(gap, "good.exact").beyond_chance);
    EXPECT_FALSE(of(gap, "noise").beyond_chance);
    EXPECT_GT(of(gap, "good.exact").interval.low, 0.5);
    EXPECT_EQ(of(gap, "sparse").models, 10u);
    EXPECT_EQ(of(gap, "sparse").score.value, 1);
    EXPECT_EQ(of(gap, "flat").score.reason, "measure is constant");
    EXPECT_EQ(gap.scores.front().measure, "sparse");
    EXPECT_EQ(gap.scores.back().measure, "test_loss");                         // looks at the answer: last
    EXPECT_TRUE(std::isnan((gap.scores.end() - 2)->score.value));              // without a score: before it
    const Frame frame = zoo();
    EXPECT_EQ(of(gap, "good.exact").score.value, kendall_tau_b(frame.measure("good")->values, gap.target.values));
}

TEST(Evaluation, ResamplesGroupsWhenAsked) {
    EvaluationOptions by_group = options();
    by_group.group = "config.depth";
    const Evaluation result = evaluate::evaluate(zoo(), by_group);
    EXPECT_EQ(result.resampled, "groups of config.depth");
    EXPECT_NE(of(result.targets[0], "noise").interval.low, of(evaluate::evaluate(zoo(), options()).targets[0], "noise").interval.low);
}

TEST(Evaluation, GivesTheSameBitsOnAnyNumberOfThreads) {
    for (const char* name : {"kendall", "pgdl", "pairwise"}) {
        EvaluationOptions few = options(), many = options();
        few.protocol = many.protocol = name;
        few.replicates = many.replicates = 50;
        many.threads = 4;
        EXPECT_EQ(evaluate::evaluate(zoo(), many).to_json().dump(), evaluate::evaluate(zoo(), few).to_json().dump()) << name;
    }
}

TEST(Evaluation, WritesJsonWithoutNaN) {
    const Json json = evaluate::evaluate(zoo(), options()).to_json();
    EXPECT_EQ(json["protocol"], "kendall");
    EXPECT_EQ(json["measures_tried"], 6);
    bool seen = false;
    for (const Json& row : json["measures"])
        if (row["measure"] == "flat" && row["target"] == "gap") {
            seen = true;
            EXPECT_TRUE(row["score"].is_null());
            EXPECT_EQ(row["reason"], "measure is constant");
        }
    EXPECT_TRUE(seen);
    EXPECT_EQ(json["targets"][0]["source"], "logged metric.train_accuracy - metric.test_accuracy");
}

TEST(Evaluation, WithoutATargetIsAnErrorThatSaysWhatToDo) {
    Frame frame = zoo();
    frame.metrics.clear();
    try {
        evaluate::evaluate(frame, options());
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::data);
        EXPECT_NE(std::string(error.what()).find("test_accuracy"), std::string::npos);
    }
}
