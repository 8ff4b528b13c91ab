#include "libanalysis/predict/fit.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/predict/folds.hpp"
#include "libanalysis/predict/linear.hpp"
#include "libanalysis/predict/logit.hpp"
#include "tests/evaluate/csv.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>
#include <numeric>

using namespace assay;
using namespace assay::predict;
using evaluate::Column;
using evaluate::Frame;

namespace {

// A catalogue in miniature: what it does not know, and what looks at test labels, is refused.
std::string refusal(std::string_view measure) {
    if (measure == "test_accuracy" || measure == "test_loss") return "needs labelled test data";
    for (const char* known : {"spectral_norm", "path_norm", "noise", "train_loss", "flat", "sparse"})
        if (measure == known) return "";
    return "not in the catalogue";
}

// logit(test accuracy) = 3 - 0.4 ln(spectral norm) + noise; 60 models on a grid of depth and width.
Frame zoo(double deviation = 0.1) {
    Frame frame;
    Column spectral{"spectral_norm[layers=product].exact", {}}, noise{"noise", {}}, accuracy{"test_accuracy", {}}, flat{"flat", {}},
        sparse{"sparse", {}};
    evaluate::Factor depth{"depth", {}}, seed_column{"seed", {}};
    const Seed seed{1};
    for (std::uint64_t i = 0; i < 60; ++i) {
        frame.models.push_back("m" + std::to_string(i));
        depth.values.push_back(std::to_string(1 + i % 3));
        seed_column.values.push_back(std::to_string(i));
        const double log_norm = static_cast<double>(i % 3) + 2 * seed.normal(i);
        spectral.values.push_back(std::exp(log_norm));
        noise.values.push_back(seed.normal(1000 + i));
        accuracy.values.push_back(accuracy_of(3 - 0.4 * log_norm + deviation * seed.normal(2000 + i)));
        flat.values.push_back(4);
        sparse.values.push_back(i == 7 ? evaluate::missing : 1.0 + static_cast<double>(i));
    }
    frame.config = {depth, seed_column};
    frame.metrics = {accuracy};
    frame.measures = {spectral, noise, flat, sparse};
    return frame;
}

FitOptions options() {
    FitOptions options;
    options.refusal = refusal;
    options.replicates = 200;
    return options;
}

std::string reason_of(const Selection& selection, std::string_view column) {
    for (const Dropped& dropped : selection.dropped)
        if (dropped.column == column) return dropped.reason;
    return "kept";
}

std::vector<std::size_t> all(std::size_t n) {
    std::vector<std::size_t> rows(n);
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    return rows;
}

}  // namespace

TEST(Features, WhatLooksAtTheAnswerIsRefusedUnderAnyName) {
    Frame frame = zoo();
    const std::vector<double> accuracy = frame.metrics[0].values;
    std::vector<double> loss, square, gap;
    for (std::size_t i = 0; i < accuracy.size(); ++i) {
        loss.push_back(2 - accuracy[i] + 0.01 * Seed{5}.normal(i));
        square.push_back(-accuracy[i] * accuracy[i]);
        gap.push_back(0.99 - accuracy[i]);
    }
    frame.metrics.push_back({"test_loss", loss});
    frame.measures.push_back({"test_accuracy", accuracy});                 // declared: needs test labels
    frame.measures.push_back({"test_loss[reduction=mean].exact", loss});   // declared, behind parameters and convention
    frame.measures.push_back({"my_secret_measure", accuracy});             // renamed: the catalogue does not know it
    frame.measures.push_back({"path_norm.exact", accuracy});               // renamed to something the catalogue knows
    frame.measures.push_back({"path_norm.paper", square});                 // and disguised by a monotone function
    frame.measures.push_back({"path_norm.matrix", loss});                  // a logged test metric under a known name
    frame.measures.push_back({"path_norm.pgdl", gap});
    const Selection selection = select_features(frame, all(frame.size()), refusal);
    EXPECT_EQ(reason_of(selection, "test_accuracy"), "needs labelled test data");
    EXPECT_EQ(reason_of(selection, "test_loss[reduction=mean].exact"), "needs labelled test data");
    EXPECT_EQ(reason_of(selection, "my_secret_measure"), "not in the catalogue");
    for (const char* name : {"path_norm.exact", "path_norm.paper", "path_norm.matrix", "path_norm.pgdl"})
        EXPECT_NE(reason_of(selection, name).find("copy of the answer"), std::string::npos) << name;
    for (const Column& feature : selection.features)
        for (const Column& metric : frame.metrics) EXPECT_NE(feature.name, metric.name);
    EXPECT_EQ(selection.features.size(), 2u);   // spectral norm and noise: nothing got through
}

TEST(Features, IncompleteAndConstantColumnsAreDroppedAndSaid) {
    const Selection selection = select_features(zoo(), all(60), refusal);
    EXPECT_EQ(reason_of(selection, "flat"), "the same for all models");
    EXPECT_EQ(reason_of(selection, "sparse"), "missing for 1 of 60 models");
    EXPECT_EQ(reason_of(selection, "noise"), "kept");
}

TEST(Features, WithoutARuleNothingIsFitted) {
    FitOptions none = options();
    none.refusal = nullptr;
    EXPECT_THROW(fit(zoo(), none), Error);
}

TEST(Folds, HoldOutSettingsOrParts) {
    const Frame frame = zoo();
    const Folds depth = folds_by_factor(frame, all(60), "config.depth");
    EXPECT_EQ(depth.names, (std::vector<std::string>{"1", "2", "3"}));
    EXPECT_EQ(depth.fold[4], 1);
    const Folds parts = folds_by_model(all(25), Seed{1});
    for (int k = 0; k < 10; ++k) {
        const auto count = std::count(parts.fold.begin(), parts.fold.end(), k);
        EXPECT_TRUE(count == 2 || count == 3);
    }
    EXPECT_EQ(factors_to_try(frame, all(60)), std::vector<std::string>{"depth"});   // a seed of its own for each model is no group
}

TEST(Fit, FindsTheLawAndScoresItOnHeldOutGroups) {
    const Fit fitted = fit(zoo(), options());
    EXPECT_EQ(fitted.predictor.scores.group, "config.depth");
    EXPECT_EQ(fitted.predictor.scores.folds.size(), 3u);
    EXPECT_GT(fitted.predictor.scores.r2, 0.9);
    EXPECT_GT(fitted.predictor.scores.kendall, 0.85);
    EXPECT_LT(fitted.predictor.scores.kendall_interval.low, fitted.predictor.scores.kendall);
    EXPECT_LT(fitted.predictor.scores.mean_absolute_error, 0.2 * fitted.predictor.scores.mean_absolute_error_of_mean);
    EXPECT_NEAR(fitted.predictor.scores.coverage, 0.9, 0.1);
    ASSERT_EQ(fitted.predictor.features.size(), 2u);
    const auto& linear = dynamic_cast<const Linear&>(*fitted.predictor.model);
    EXPECT_EQ(linear.scalings()[0].transform, Transform::log);
    EXPECT_GT(fitted.predictor.importance[0], 10 * fitted.predictor.importance[1]);
    // The coefficient over the deviation of the logarithm is the law's slope.
    EXPECT_NEAR(linear.coefficients()[0] / linear.scalings()[0].deviation, -0.4, 0.02);
}

TEST(Fit, TheScoreIsThatOfTheHeldOutPredictions) {
    const Frame frame = zoo();
    const Fit fitted = fit(frame, options());
    double error = 0, squares = 0, total = 0, mean = 0, covered = 0;
    for (const HeldOutPrediction& one : fitted.held_out) mean += one.truth / 60;
    for (const HeldOutPrediction& one : fitted.held_out) {
        EXPECT_EQ(one.truth, 1 - frame.metrics[0].values[one.row]);
        error += std::abs(one.prediction.value - one.truth) / 60;
        squares += std::pow(one.prediction.value - one.truth, 2);
        total += std::pow(one.truth - mean, 2);
        covered += one.prediction.low <= one.truth && one.truth <= one.prediction.high;
    }
    EXPECT_NEAR_RELATIVE(fitted.predictor.scores.mean_absolute_error, error, 1e-12);
    EXPECT_NEAR_RELATIVE(fitted.predictor.scores.r2, 1 - squares / total, 1e-12);
    EXPECT_EQ(fitted.predictor.scores.coverage, covered / 60);
}

TEST(Fit, NoiseDoesNotLookLikeSkill) {
    // Forty features of noise on sixty models: a training score would be near 1.
    Frame frame = zoo();
    frame.measures.clear();
    for (std::uint64_t k = 0; k < 40; ++k) {
        Column column{"noise[k=" + std::to_string(k) + "]", {}};
        for (std::uint64_t i = 0; i < 60; ++i) column.values.push_back(Seed{77}.child(k).normal(i));
        frame.measures.push_back(column);
    }
    const Fit fitted = fit(frame, options());
    EXPECT_LT(fitted.predictor.scores.r2, 0.1);
    EXPECT_LT(std::abs(fitted.predictor.scores.kendall), 0.35);
    EXPECT_GT(fitted.predictor.scores.mean_absolute_error, 0.9 * fitted.predictor.scores.mean_absolute_error_of_mean);
}

TEST(Fit, IntervalsCoverOverManyZoos) {
    double covered = 0, count = 0;
    for (std::uint64_t trial = 0; trial < 20; ++trial) {
        Frame frame = zoo(0.3);
        for (std::size_t i = 0; i < 60; ++i)
            frame.metrics[0].values[i] =
                accuracy_of(3 - 0.4 * std::log(frame.measures[0].values[i]) + 0.3 * Seed{trial}.normal(i));
        FitOptions by_model = options();
        by_model.group = "model";
        by_model.replicates = 10;
        covered += 60 * fit(frame, by_model).predictor.scores.coverage;
        count += 60;
    }
    // Models of one zoo share its fit, so they are not independent: five standard errors of 20 zoos with .05 between them.
    EXPECT_NEAR(covered / count, 0.9, 5 * 0.05 / std::sqrt(20.0));
}

TEST(Fit, LearnsTheGapAsItIsAndALossAsItsLogarithm) {
    Frame frame = zoo();
    frame.metrics.push_back({"train_accuracy", {}});
    frame.metrics.push_back({"test_loss", {}});
    for (std::size_t i = 0; i < 60; ++i) {
        const double x = std::log(frame.measures[0].values[i]);
        frame.metrics[1].values.push_back(frame.metrics[0].values[i] - 0.02 + 0.03 * x + 0.003 * Seed{5}.normal(i));   // gaps of both signs
        frame.metrics[2].values.push_back(std::exp(-1 + 0.5 * x + 0.05 * Seed{6}.normal(i)));
    }
    for (const auto& [name, slope] : {std::pair("gap", 0.03), std::pair("test_loss", 0.5)}) {
        FitOptions wanted = options();
        wanted.target = name;
        wanted.method = "ridge";
        const Fit fitted = fit(frame, wanted);
        EXPECT_EQ(fitted.predictor.target->name, name);
        const auto& linear = dynamic_cast<const Linear&>(*fitted.predictor.model);
        EXPECT_NEAR(linear.coefficients()[0] / linear.scalings()[0].deviation, slope, 0.05 * slope) << name;
        for (const HeldOutPrediction& one : fitted.held_out) {
            EXPECT_EQ(one.truth, fitted.predictor.target->of(frame)->values[one.row]);
            EXPECT_LE(one.prediction.low, one.prediction.value);
            EXPECT_LE(one.prediction.value, one.prediction.high);
        }
        const Predictor again = Predictor::from_json(parse_json(fitted.predictor.to_json().dump(), "p.json"), "p.json");
        EXPECT_EQ(again.target, fitted.predictor.target);
    }
    FitOptions unknown = options();
    unknown.target = "speed";
    EXPECT_THROW(fit(frame, unknown), Error);
}

TEST(Targets, ScalesGoForthAndBackAndKeepTheOrder) {
    for (const Target* one : targets()) {
        const double lowest = one->name == std::string("gap") ? -0.5 : 0.001;
        for (double value = lowest; value < 0.99; value += 0.07) {
            EXPECT_NEAR(one->from_scale(one->to_scale(value)), value, 1e-12) << one->name;
            const Prediction interval = interval_on(*one, one->to_scale(value), 0.3);
            EXPECT_LT(interval.low, value);
            EXPECT_GT(interval.high, value);
        }
    }
}

TEST(Fit, SaysWhatIsMissing) {
    Frame frame = zoo();
    frame.metrics.clear();
    EXPECT_THROW(fit(frame, options()), Error);
    frame = zoo();
    frame.measures = {frame.measures[2]};
    EXPECT_THROW(fit(frame, options()), Error);
    FitOptions wrong = options();
    wrong.group = "config.deep";
    EXPECT_THROW(fit(zoo(), wrong), Error);
}

TEST(Predictor, ComesBackFromItsFileWithTheSameBits) {
    FitOptions with_facts = options();
    with_facts.training_title = "sixty \"models\"";
    with_facts.training_hash = "abc";
    with_facts.tool_version = "1.2.3";
    for (int i = 60; i > 0; --i) with_facts.contents.push_back("content" + std::to_string(i));
    const Fit fitted = fit(zoo(), with_facts);
    const std::string text = fitted.predictor.to_json().dump(2);
    const Predictor again = Predictor::from_json(parse_json(text, "p.json"), "p.json");
    EXPECT_EQ(again.to_json().dump(2), text);
    const std::map<std::string, double, std::less<>> values{{"spectral_norm[layers=product].exact", 3.0}, {"noise", 0.1}};
    EXPECT_EQ(again.predict(values).value, fitted.predictor.predict(values).value);
    EXPECT_EQ(text.find("nan"), std::string::npos);
    EXPECT_TRUE(again.trained_on("content1"));
    EXPECT_TRUE(again.trained_on("content60"));
    EXPECT_FALSE(again.trained_on("content61"));
}

TEST(Predictor, NamesTheFeatureThatIsNotThere) {
    const Predictor predictor = fit(zoo(), options()).predictor;
    try {
        predictor.predict({{"noise", 0.1}, {"spectral_norm.exact", 3}});   // another column of the same measure is no substitute
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::data);
        EXPECT_NE(std::string(error.what()).find("spectral_norm[layers=product].exact"), std::string::npos);
    }
}

TEST(Predictor, SaysWhichFeaturesLieOutsideWhatItSaw) {
    const Predictor predictor = fit(zoo(), options()).predictor;
    const Prediction prediction = predictor.predict({{"noise", 0.1}, {"spectral_norm[layers=product].exact", 1e9}});
    EXPECT_EQ(prediction.outside, std::vector<std::string>{"spectral_norm[layers=product].exact"});
    // As far beyond the largest training value, in deviations of its logarithm, as the interval is widened.
    const Scaling& range = predictor.ranges[0];
    EXPECT_NEAR_RELATIVE(prediction.novelty, (std::log(1e9) - std::log(range.high)) / range.deviation, 1e-12);
    EXPECT_NEAR_RELATIVE(logit(1 - prediction.low) - logit(1 - prediction.value), predictor.half_width * (1 + prediction.novelty), 1e-6);
    EXPECT_LT(prediction.low, prediction.value);
    EXPECT_LT(prediction.value, prediction.high);
}

TEST(Predictor, RefusesFilesThatAreNone) {
    const Json good = fit(zoo(), options()).predictor.to_json();
    const auto refused = [](Json json) {
        try {
            Predictor::from_json(json, "p.json");
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::format);
            const std::string what = error.what();
            EXPECT_EQ(what.find("json.exception"), std::string::npos) << what;
            EXPECT_EQ(what.find("p.json", 1), std::string::npos) << "the file is named once: " << what;
            return what.starts_with("p.json");
        }
        return false;
    };
    EXPECT_TRUE(refused(Json::array()));
    EXPECT_TRUE(refused({{"kind", "something"}}));
    Json bad = good;
    bad["schema_version"] = 1;
    EXPECT_TRUE(refused(bad));
    bad = good;
    bad["model"].erase("intercept");
    EXPECT_TRUE(refused(bad));
    bad = good;
    bad["model"]["coefficients"][0] = "nan";
    EXPECT_TRUE(refused(bad));
    bad = good;
    bad["features"][0]["range"]["low"] = -1;   // a logarithm of it
    EXPECT_TRUE(refused(bad));
    bad = good;
    bad["target"]["name"] = "speed";
    EXPECT_TRUE(refused(bad));
    bad = good;
    bad["target"]["scale"] = "probit";
    EXPECT_TRUE(refused(bad));
    bad = good;
    bad.erase("interval");
    EXPECT_TRUE(refused(bad));
    bad = good;
    bad["training"].erase("population");
    EXPECT_TRUE(refused(bad));
    bad = good;
    bad["features"][0]["convention"] = "weird";
    EXPECT_TRUE(refused(bad));
    bad = good;
    bad["interval"]["half_width"] = -1;
    EXPECT_TRUE(refused(bad));
    bad = good;
    bad["interval"]["level"] = 7;
    EXPECT_TRUE(refused(bad));
    bad = good;
    bad["method"] = "oracle";
    EXPECT_TRUE(refused(bad));
    bad = good;
    bad["model"]["coefficients"].push_back(1.0);
    EXPECT_TRUE(refused(bad));
    EXPECT_NO_THROW(Predictor::from_json(good, "p.json"));
}

TEST(Fit, WorksOnARealTable) {
    ASSAY_NEEDS_SHARED("zoo/mnist-grid/metrics.csv");
    const test::Csv table(test::shared_folder() / "zoo/mnist-grid/metrics.csv");
    Frame frame;
    frame.models = table.words("model");
    for (const char* name : {"depth", "width", "batch_size", "weight_decay", "dropout", "learning_rate"})
        frame.config.push_back({name, table.words("config." + std::string(name))});
    frame.metrics = {{"train_accuracy", table.numbers("train_accuracy")}, {"test_accuracy", table.numbers("test_accuracy")}};
    // A measure from train data alone, and one that anybody would have: no strong predictors, but real numbers.
    frame.measures = {{"train_loss", table.numbers("train_loss")}, {"noise", table.numbers("steps")}};
    const Fit fitted = fit(frame, options());
    EXPECT_EQ(fitted.tried.size(), 6u);
    // Depth and width have three settings, the others two: the harder of the two is held out, and all errors are told.
    double depth = 0, width = 0;
    for (std::size_t i = 0; i < fitted.tried.size(); ++i) {
        EXPECT_LE(fitted.tried[i].mean_absolute_error, fitted.tried[i == 0 ? 0 : i - 1].mean_absolute_error);
        if (fitted.tried[i].group == "config.depth") depth = fitted.tried[i].mean_absolute_error;
        if (fitted.tried[i].group == "config.width") width = fitted.tried[i].mean_absolute_error;
    }
    EXPECT_EQ(fitted.predictor.scores.group, depth > width ? "config.depth" : "config.width");
    EXPECT_EQ(fitted.predictor.scores.mean_absolute_error, std::max(depth, width));
    EXPECT_EQ(fitted.held_out.size(), 144u);
    EXPECT_LT(fitted.predictor.scores.mean_absolute_error, 0.1);
}

TEST(Features, ElementsOfArraysServeWhereTheirLengthsAgree) {
    Frame frame = zoo();
    evaluate::ArrayColumn array{"path_norm.positional", {}}, ragged{"path_norm.pooled", {}}, refused{"test_loss.positional", {}};
    for (std::size_t i = 0; i < frame.size(); ++i) {
        array.values.push_back({frame.measures[1].values[i], 1.0, std::log(frame.measures[0].values[i])});
        ragged.values.push_back(std::vector<double>(1 + i % 2, static_cast<double>(i)));
        refused.values.push_back({1, 2});
    }
    frame.arrays = {array, ragged, refused};
    const Selection selection = select_features(frame, all(60), refusal);
    std::vector<std::string> names;
    for (const Column& feature : selection.features) names.push_back(feature.name);
    EXPECT_EQ(names, (std::vector<std::string>{"spectral_norm[layers=product].exact", "noise", "path_norm.positional#0", "path_norm.positional#2"}));
    EXPECT_EQ(reason_of(selection, "path_norm.positional#1"), "the same for all models");
    EXPECT_EQ(reason_of(selection, "path_norm.pooled"), "of different lengths: the models' architectures differ");
    EXPECT_EQ(reason_of(selection, "test_loss.positional"), "needs labelled test data");
    EXPECT_EQ(evaluate::split_column("path_norm.positional#2").convention, "positional");
    EXPECT_EQ(evaluate::split_column("path_norm.positional#2").request(), "path_norm");
}
