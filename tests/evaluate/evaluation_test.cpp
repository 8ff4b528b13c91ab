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

TEST(Evaluation, AMeasureThatIsWrongBeyondLuckTellsWithItsSignTurned) {
    for (const char* name : {"pairwise", "sign-error", "kendall"}) {
        Frame straight = zoo();
        straight.measures.erase(straight.measures.begin() + 3, straight.measures.end());
        for (int run = 0; run < 3; ++run)   // enough pairs for the environments of sign-error
            for (const Column* from : {&straight.measures[0], &straight.measures[1]}) straight.measures.push_back({from->name + std::to_string(run), from->values});
        straight.config[0].values.assign(straight.size(), "a");
        for (std::size_t i = 0; i < straight.size(); i += 2) straight.config[0].values[i] = "b";
        Frame turned = straight;
        for (Column& column : turned.measures)
            for (double& value : column.values) value = -value;
        EvaluationOptions asked = options();
        asked.protocol = name;
        const TargetScores one = evaluate::evaluate(straight, asked).targets[0];
        const Evaluation other_way = evaluate::evaluate(turned, asked);
        const TargetScores& other = other_way.targets[0];
        const bool mirrored = other_way.protocol->mirrored;
        EXPECT_EQ(mirrored, std::string(name) != "kendall");
        EXPECT_TRUE(of(one, "good.exact").beyond_chance) << name;
        EXPECT_FALSE(of(one, "good.exact").reversed) << name;
        EXPECT_EQ(of(other, "good.exact").beyond_chance, !mirrored) << name;
        EXPECT_EQ(of(other, "good.exact").reversed, mirrored) << name;
        EXPECT_FALSE(of(one, "noise").reversed || of(other, "noise").reversed) << name;
        if (!mirrored) continue;
        // The same shuffles: the threshold of one side is that of the other side of the negated measures.
        EXPECT_NEAR(of(other, "good.exact").score.value, 1 - of(one, "good.exact").score.value, 1e-12) << name;
        EXPECT_LT(std::abs(one.chance.largest - 0.5), 0.45) << name;
        Frame alone = turned;   // without the train loss, which is not turned
        alone.metrics.pop_back();
        straight.metrics.pop_back();
        EXPECT_NEAR(evaluate::evaluate(alone, asked).targets[0].chance.reversed, 1 - evaluate::evaluate(straight, asked).targets[0].chance.largest, 1e-12) << name;
        const Json json = other_way.to_json();
        for (const Json& row : json["measures"]) {
            const std::string measure = row["measure"];
            if (row["target"] != "gap" || (measure != "good.exact" && measure != "noise")) continue;
            EXPECT_EQ(row["beyond_chance_reversed"], measure == "good.exact") << row;
        }
    }
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
