// Curves over tables: published series and tables, and laws that the rows follow exactly.

#include "libanalysis/evaluate/curve.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/evaluate/line_fit.hpp"
#include "tests/evaluate/csv.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>

using namespace assay;
using namespace assay::evaluate;

namespace {

const CurveNumber& at(const CurveFit& fit, std::string_view name) {
    for (const CurveNumber& one : fit.numbers)
        if (one.name == name) return one;
    throw std::runtime_error("no number " + std::string(name));
}

CurveFit fitted(std::string_view name, CurveProblem problem) {
    problem.replicates = 0;
    return fit_curve(curve(name), std::move(problem));
}

// ResNet18 of width 1 to 64 on CIFAR-10 with 15 % label noise, means of five runs: the released series of Nakkiran et al. 2019
// (cifar10-resnet18k-p15-adam-reps).
const std::vector<double> resnet_test{
    .5351, .3950, .3517, .3397, .3476, .3697, .3882, .4085, .4095, .4127, .4084, .3966, .3934, .3855, .3807, .3675, .3676, .3585, .3575, .3549, .3471, .3428,
    .3428, .3421, .3338, .3308, .3318, .3310, .3278, .3274, .3258, .3244, .3178, .3153, .3171, .3152, .3115, .3113, .3114, .3116, .3089, .3098, .3062, .3029,
    .3048, .3033, .3000, .3021, .3014, .2985, .2981, .2948, .2994, .2940, .2960, .2944, .2982, .2944, .2942, .2929, .2932, .2924, .2910, .2911};
const std::vector<double> resnet_train{.5340, .3825, .3184, .2809, .2580, .2318, .1988, .1628, .1205, .0831, .0514, .0317, .0187, .0127, .0098, .0069};

CurveProblem resnet() {
    CurveProblem problem;
    for (std::size_t k = 0; k < resnet_test.size(); ++k) {
        problem.columns["size"].push_back(static_cast<double>(k + 1));
        problem.columns["test_error"].push_back(resnet_test[k]);
        problem.columns["train_error"].push_back(k < resnet_train.size() ? resnet_train[k] : missing);
    }
    return problem;
}

CurveProblem chinchilla() {
    const test::Csv table(test::shared_folder() / "tables/chinchilla.csv");
    CurveProblem problem;
    problem.columns = {{"parameters", table.numbers("Model Size")}, {"flop", table.numbers("Training FLOP")}, {"loss", table.numbers("loss")}};
    return problem;
}

}  // namespace

TEST(DoubleDescent, FindsTheTwoMinimaAndThePeakOfResNet18) {
    const CurveFit fit = fitted("double-descent", resnet());
    EXPECT_EQ(fit.rows, 64u);
    EXPECT_EQ(at(fit, "first_minimum_size").value, 4);
    EXPECT_EQ(at(fit, "first_minimum").value, .3397);
    EXPECT_EQ(at(fit, "peak_size").value, 10);
    EXPECT_EQ(at(fit, "peak").value, .4127);
    EXPECT_EQ(at(fit, "second_minimum").value, .2910);
    EXPECT_EQ(at(fit, "below_first_minimum_from").value, 25);
    EXPECT_EQ(at(fit, "threshold_size").value, 10);
    EXPECT_EQ(at(fit, "steps_from_threshold").value, 0);
    EXPECT_TRUE(fit.verdict.starts_with("double descent")) << fit.verdict;
}

TEST(DoubleDescent, SeesNoPeakWithinTheNoiseAndNoneOnAFallingCurve) {
    CurveProblem problem = resnet();
    problem.settings["noise"] = 0.03;   // the peak stands out by 0.073
    EXPECT_TRUE(fitted("double-descent", problem).verdict.starts_with("no double descent"));
    CurveProblem falling;
    falling.columns = {{"size", {1, 2, 3, 4, 5}}, {"test_error", {.5, .4, .3, .2, .1}}};
    EXPECT_TRUE(fitted("double-descent", falling).verdict.starts_with("no double descent"));
    // Runs of one size: a pooled deviation of 0.1 over two runs each makes a standard error of 0.1 / sqrt(2).
    CurveProblem runs;
    for (const double size : {1., 2., 3., 4.})
        for (const double side : {-1., 1.}) {
            runs.columns["size"].push_back(size);
            runs.columns["test_error"].push_back((size == 3 ? .6 : .4) + side * 0.1 / std::sqrt(2.0));
        }
    const CurveFit fit = fitted("double-descent", runs);
    EXPECT_NEAR(at(fit, "noise").value, 0.1 / std::sqrt(2.0), 1e-12);
    EXPECT_TRUE(fit.verdict.starts_with("no double descent")) << fit.verdict;
}

TEST(DoubleDescent, RegularisationTakesThePeakAway) {
    // Least norm and tuned ridge regression at 0.2, 1 and 5 features a training example.
    CurveProblem problem;
    problem.columns = {{"size", {.2, 1, 5, 6}}, {"test_error", {.36, .89, .35, .35}}, {"regularised_test_error", {.305, .231, .214, .214}}};
    EXPECT_EQ(at(fitted("double-descent", problem), "prominence_ratio").value, 0);
    problem.columns["regularised_test_error"] = {.3, .433, .3, .3};   // a quarter of 0.53 is left
    EXPECT_NEAR(at(fitted("double-descent", problem), "prominence_ratio").value, .133 / .53, 1e-12);
}

TEST(ScalingLaw, ReproducesTheRefitOfChinchilla) {
    ASSAY_NEEDS_SHARED("tables");
    CurveProblem problem = chinchilla();
    problem.settings["drop-highest"] = 5;
    problem.replicates = 60;
    const CurveFit fit = fit_curve(curve("scaling-law"), problem);
    // Besiroglu et al. 2024 and an independent multi-start of SciPy's L-BFGS.
    EXPECT_EQ(fit.rows, 240u);
    EXPECT_LE(at(fit, "objective").value, 0.00101828);
    EXPECT_NEAR(at(fit, "E").value, 1.81722, 1e-3);
    EXPECT_NEAR(at(fit, "alpha").value, 0.347310, 5e-4);
    EXPECT_NEAR(at(fit, "beta").value, 0.367172, 5e-4);
    EXPECT_NEAR(at(fit, "A").value, 477.83, 1);
    EXPECT_NEAR(at(fit, "B").value, 2143.4, 10);
    // The published constants lie within one published standard error of ours, and in our intervals.
    const struct { const char* name; double value, error; } published[] = {{"A", 482.01, 124.5}, {"B", 2085.43, 1293.3}, {"E", 1.8172, .0257}, {"alpha", .3478, .0154}, {"beta", .3658, .0206}};
    for (const auto& [name, value, error] : published) {
        EXPECT_NEAR(at(fit, name).value, value, error) << name;
        EXPECT_LT(at(fit, name).low, value) << name;
        EXPECT_GT(at(fit, name).high, value) << name;
    }
    // All 245 rows: what five outliers do.
    const CurveFit all = fitted("scaling-law", chinchilla());
    EXPECT_EQ(all.rows, 245u);
    EXPECT_NEAR(at(all, "objective").value, 0.001826, 1e-6);
    EXPECT_NEAR(at(all, "E").value, 1.8914, 1e-3);
    EXPECT_NEAR(at(all, "beta").value, .4531, 5e-4);
}

TEST(ScalingLaw, FindsALawThatTheRowsFollow) {
    CurveProblem problem;
    for (const double n : {1e6, 1e7, 1e8, 1e9})
        for (const double d : {1e8, 1e9, 1e10, 1e11}) {
            problem.columns["parameters"].push_back(n);
            problem.columns["tokens"].push_back(d);
            problem.columns["loss"].push_back(1.5 + 300 * std::pow(n, -0.3) + 900 * std::pow(d, -0.35));
        }
    const CurveFit fit = fitted("scaling-law", problem);
    EXPECT_NEAR(at(fit, "E").value, 1.5, 1e-4);
    EXPECT_NEAR(at(fit, "alpha").value, 0.3, 1e-4);
    EXPECT_NEAR(at(fit, "beta").value, 0.35, 1e-4);
    EXPECT_NEAR(at(fit, "optimal_parameters_exponent").value, 0.35 / 0.65, 1e-4);
    CurveProblem both = problem;
    both.columns["flop"] = both.columns["tokens"];
    EXPECT_THROW(fitted("scaling-law", both), Error);
    problem.columns.erase("tokens");
    EXPECT_THROW(fitted("scaling-law", problem), Error);
}

TEST(OnTheLine, GivesTheLinesOfTheImageNetTestbed) {
    ASSAY_NEEDS_SHARED("tables");
    const test::Csv table(test::shared_folder() / "tables/imagenet-testbed.csv");
    // Recomputed from the table of Taori et al. 2020 by NumPy and SciPy.
    const struct { const char* column; std::size_t models; double linear_slope, linear_r2, probit_slope, probit_intercept, probit_r2, logit_slope, logit_r2; } rows[] = {
        {"imagenetv2-matched-frequency", 335, .875, .996, .915, -.284, .999, .933, .999}, {"imagenetv2-topimages", 335, 1.017, .999, 1.016, .057, .999, 1.015, .999},
        {"imagenet-sketch", 335, .430, .795, .851, -1.241, .959, 1.036, .970}, {"imagenet-r", 329, .568, .828, .699, -.746, .921, .736, .936},
        {"objectnet-1.0-beta", 335, .542, .886, .745, -.925, .949, .803, .947}, {"imagenet-a", 334, .233, .243, .466, -1.721, .422, .552, .458},
        {"pgd.linf.eps2", 186, -.459, .123, -.454, -.981, .086, -.448, .074}};
    int checked = 0;
    for (const auto& row : rows) {
        CurveProblem problem;
        problem.columns = {{"accuracy", table.numbers("val")}, {"shifted_accuracy", table.numbers(row.column)}};
        problem.settings["unit"] = 100;
        const CurveFit fit = fitted("on-the-line", problem);
        EXPECT_EQ(fit.rows, row.models) << row.column;
        const std::pair<const char*, double> expected[] = {{"linear_slope", row.linear_slope}, {"linear_r2", row.linear_r2}, {"probit_slope", row.probit_slope},
                                                           {"probit_intercept", row.probit_intercept}, {"probit_r2", row.probit_r2}, {"logit_slope", row.logit_slope}, {"logit_r2", row.logit_r2}};
        for (const auto& [name, value] : expected) {
            EXPECT_NEAR(at(fit, name).value, value, 6e-4) << row.column << " " << name;
            ++checked;
        }
        const bool line = std::string_view(row.column) != "imagenet-a" && std::string_view(row.column) != "pgd.linf.eps2";
        EXPECT_EQ(fit.verdict.starts_with("on a line"), line) << row.column << ": " << fit.verdict;
    }
    EXPECT_EQ(checked, 49);
}

TEST(OnTheLine, AgreementsOnTheSameLinePredictAccuracy) {
    // Probit of both is 0.8 z - 0.3: models first, pairs of models below.
    CurveProblem problem;
    for (const double z : {-1., -.5, .2, .9}) {
        problem.columns["accuracy"].push_back(normal_distribution(z));
        problem.columns["shifted_accuracy"].push_back(normal_distribution(.8 * z - .3));
        problem.columns["agreement"].push_back(missing);
        problem.columns["shifted_agreement"].push_back(missing);
    }
    for (const double z : {0., .4, 1.3}) {
        problem.columns["accuracy"].push_back(missing);
        problem.columns["shifted_accuracy"].push_back(missing);
        problem.columns["agreement"].push_back(normal_distribution(z));
        problem.columns["shifted_agreement"].push_back(normal_distribution(.8 * z - .3));
    }
    const CurveFit fit = fitted("on-the-line", problem);
    EXPECT_EQ(fit.rows, 4u);
    EXPECT_NEAR(at(fit, "agreement_slope").value, .8, 1e-9);
    EXPECT_NEAR(at(fit, "agreement_intercept").value, -.3, 1e-9);
    EXPECT_NEAR(at(fit, "agreement_error").value, 0, 1e-9);
    problem.columns.erase("agreement");
    EXPECT_THROW(fitted("on-the-line", problem), Error);
    CurveProblem percent;
    percent.columns = {{"accuracy", {50, 60, 70}}, {"shifted_accuracy", {40, 50, 60}}};
    EXPECT_THROW(fitted("on-the-line", percent), Error);
}

TEST(NormGrowth, GivesTheExponentsOfPowerLaws) {
    CurveProblem problem;
    for (const double n : {128., 512., 2048., 8000.}) {
        problem.columns["n"].push_back(n);
        problem.columns["measure"].push_back(3 * std::pow(n, .68));
        problem.columns["test_error"].push_back(2 * std::pow(n, -.43));
    }
    problem.replicates = 100;
    const CurveFit fit = fit_curve(curve("norm-growth"), problem);
    EXPECT_NEAR(at(fit, "measure_exponent").value, .68, 1e-12);
    EXPECT_NEAR(at(fit, "test_error_exponent").value, -.43, 1e-12);
    EXPECT_NEAR(at(fit, "bound_exponent").value, .18, 1e-12);
    EXPECT_NEAR(at(fit, "measure_exponent").low, .68, 1e-9);   // every replicate lies on the line
    EXPECT_TRUE(fit.verdict.starts_with("fails")) << fit.verdict;
    for (std::size_t i = 0; i < 4; ++i) problem.columns["measure"][i] = std::pow(problem.columns["n"][i], -.2);
    EXPECT_TRUE(fit_curve(curve("norm-growth"), problem).verdict.starts_with("passes"));
    EXPECT_EQ(fit_curve(curve("norm-growth"), problem).verdict.find("interval"), std::string::npos);
    CurveProblem without = problem;   // an interval that was not computed excludes nothing and includes nothing
    without.replicates = 0;
    EXPECT_TRUE(fit_curve(curve("norm-growth"), without).verdict.ends_with("; no interval was computed")) << fit_curve(curve("norm-growth"), without).verdict;
    CurveProblem scattered = problem;   // measures 2, 3, 3, 2 at equal steps of log n: a slope of 0 by symmetry, R2 0
    scattered.columns["n"] = {10, 100, 1000, 10000};
    scattered.columns["measure"] = {2, 3, 3, 2};
    EXPECT_NEAR(at(fit_curve(curve("norm-growth"), scattered), "measure_r2").value, 0, 1e-12);
    EXPECT_TRUE(fit_curve(curve("norm-growth"), scattered).verdict.starts_with("no answer: a power of n explains next to nothing of the measure"));
    problem.columns["measure"][2] = -1;
    EXPECT_EQ(fit_curve(curve("norm-growth"), problem).rows, 3u);
    problem.columns["n"] = {5, 5, 5, 5};
    EXPECT_THROW(fit_curve(curve("norm-growth"), problem), Error);
}

TEST(Curves, UnknownAndMissingNamesAreUsageErrors) {
    EXPECT_THROW(curve("hockey-stick"), Error);
    CurveProblem problem = resnet();
    problem.columns.erase("test_error");
    EXPECT_THROW(fitted("double-descent", problem), Error);
    problem = resnet();
    problem.columns["colour"] = problem.columns["size"];
    EXPECT_THROW(fitted("double-descent", problem), Error);
    problem = resnet();
    problem.settings["colour"] = 1;
    EXPECT_THROW(fitted("double-descent", problem), Error);
}

TEST(NormalQuantile, InvertsTheDistribution) {
    for (const double p : {1e-12, 1e-4, .02425, .3, .5, .8, .999}) EXPECT_NEAR(normal_distribution(normal_quantile(p)), p, 1e-14 * (1 + p));
    EXPECT_NEAR(normal_quantile(.975), 1.959963984540054, 1e-14);
    EXPECT_EQ(normal_quantile(0), -std::numeric_limits<double>::infinity());
}
