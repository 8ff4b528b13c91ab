// What the weights say of their initialisation, on weights whose making is known; and the shares of sparse patterns.

#include "formats/format.hpp"
#include "libanalysis/measures/initial_state.hpp"
#include "tests/measures/models.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

namespace assay::measures {
namespace {

using test::Builder;
using test::subject_of;
using test::value_of;

enum class Law { normal, uniform, truncated };

/// `count` draws of variance 1.
std::vector<double> draws(Law law, std::size_t count, Seed seed) {
    std::vector<double> values;
    for (std::uint64_t i = 0; values.size() < count; ++i) {
        const double normal = seed.normal(i);
        if (law == Law::normal) values.push_back(normal);
        if (law == Law::uniform) values.push_back(std::sqrt(12.0) * (seed.uniform(i) - 0.5));
        if (law == Law::truncated && std::abs(normal) < 2) values.push_back(normal / 0.87962566103423978);   // Keras's divisor
    }
    return values;
}

Builder dense_of(std::int64_t in, std::int64_t out, std::vector<double> kernel, double scale) {
    for (double& x : kernel) x *= scale;
    Builder builder({in});
    builder.dense(in, out, true, std::move(kernel));
    return builder;
}

TEST(Initialisation, FamiliesAndGainsAreTold) {
    constexpr std::int64_t in = 200, out = 100;
    struct Case { Law law; double variance; const char* words; const char* measure; double kurtosis; };
    for (const Case& c : {Case{Law::normal, 2.0 / in, "He normal", "he_gain", 3}, Case{Law::uniform, 2.0 / (in + out), "Glorot uniform", "glorot_gain", 1.8},
                          Case{Law::truncated, 1.0 / in, "LeCun cut normal", "lecun_gain", 2.366}}) {
        Subject subject = subject_of(dense_of(in, out, draws(c.law, in * out, Seed{4}), std::sqrt(c.variance)).build());
        const InitialState state = initial_state_of(subject, 0);
        EXPECT_EQ(to_string(state.state), "untouched");
        EXPECT_EQ(state.initialiser(), c.words);
        EXPECT_NEAR(value_of(subject, c.measure), 1, 0.03) << c.measure;
        EXPECT_NEAR(value_of(subject, "weight_kurtosis"), c.kurtosis, 0.12);
        EXPECT_NEAR(value_of(subject, "edge_ratio"), 1, 0.04);
        EXPECT_EQ(value_of(subject, "above_edge"), 0);
        EXPECT_LT(value_of(subject, "mp_distance"), 0.04);
        EXPECT_EQ(value_of(subject, "looks_untouched"), 1);
    }
}

TEST(Initialisation, AlarmsAreRareOverSeedsAndShapes) {
    int alarms = 0, trials = 0;
    for (const auto& [in, out] : {std::pair<std::int64_t, std::int64_t>{30, 10}, {64, 64}, {300, 20}})
        for (const Law law : {Law::normal, Law::uniform, Law::truncated})
            for (std::uint64_t seed = 0; seed < 20; ++seed, ++trials) {
                Subject subject = subject_of(dense_of(in, out, draws(law, static_cast<std::size_t>(in * out), Seed{seed + 100}), 0.1).build());
                alarms += initial_state_of(subject, 0).state == State::trained;
            }
    EXPECT_LE(alarms, trials / 20);
}

TEST(Initialisation, ASpikeIsSeen) {
    // Noise of deviation 1 and a rank-one part: the largest singular value of a spike theta > (N M)^(1/4) is near
    // sqrt((theta^2 + N)(theta^2 + M)) / theta (Benaych-Georges and Nadakuditi 2012).
    constexpr std::int64_t in = 200, out = 100;
    std::vector<double> kernel = draws(Law::normal, in * out, Seed{9});
    const double theta = 50;
    for (std::int64_t i = 0; i < in; ++i)
        for (std::int64_t j = 0; j < out; ++j) kernel[static_cast<std::size_t>(i * out + j)] += theta / std::sqrt(static_cast<double>(in * out));
    Subject subject = subject_of(dense_of(in, out, kernel, 1).build());
    const double expected = std::sqrt((theta * theta + in) * (theta * theta + out)) / theta;
    const double deviation = std::sqrt(1 + theta * theta / (in * out));   // root mean square of all entries
    EXPECT_NEAR(value_of(subject, "edge_ratio"), expected / (deviation * (std::sqrt(200.0) + 10)), 0.05);
    EXPECT_NEAR_RELATIVE(value_of(subject, "above_edge"), 1.0 / out, 1e-12);
    EXPECT_EQ(value_of(subject, "looks_untouched"), 0);
    EXPECT_EQ(initial_state_of(subject, 0).state, State::trained);
}

TEST(Initialisation, OrthogonalWeightsAreTold) {
    // A Householder reflection.
    constexpr std::int64_t n = 40;
    const std::vector<double> v = draws(Law::normal, n, Seed{2});
    double norm = 0;
    for (const double x : v) norm += x * x;
    std::vector<double> kernel(n * n);
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j) kernel[i * n + j] = (i == j) - 2 * v[i] * v[j] / norm;
    Subject subject = subject_of(dense_of(n, n, kernel, 1).build());
    EXPECT_EQ(initial_state_of(subject, 0).initialiser(), "orthogonal");
}

TEST(Initialisation, PyTorchsDefaultIsAThirdOfLeCuns) {
    Subject subject = subject_of(dense_of(300, 120, draws(Law::uniform, 300 * 120, Seed{6}), std::sqrt(1.0 / 900)).build());
    EXPECT_EQ(initial_state_of(subject, 0).initialiser(), "PyTorch uniform");
    EXPECT_NEAR(value_of(subject, "lecun_gain"), 1.0 / 3, 0.01);
}

TEST(Initialisation, SmallMatricesAreNotJudged) {
    Subject subject = subject_of(dense_of(30, 7, draws(Law::normal, 210, Seed{6}), 1).build());
    EXPECT_EQ(initial_state_of(subject, 0).state, State::too_small);
    EXPECT_NE(test::reason_of(subject, "looks_untouched").find("too small"), std::string::npos);
}

TEST(Initialisation, OfRealCheckpointsBeforeAndAfterTraining) {
    // Files that Keras wrote before and after training one network: the hidden layers' state is known.
    ASSAY_NEEDS_SHARED("zoo/pgdl-toy");
    for (const int id : {5, 17}) {
        const auto folder = test::shared_folder() / "zoo/pgdl-toy" / ("model_" + std::to_string(id));
        Subject before(std::make_shared<const model::Model>(formats::load_model(folder / "weights_init.hdf5")), {}, Context{});
        Subject after(std::make_shared<const model::Model>(formats::load_model(folder / "weights.hdf5")), {}, Context{});
        EXPECT_EQ(value_of(before, "looks_untouched"), 1) << id;
        EXPECT_LT(value_of(after, "looks_untouched"), 1) << id;
        EXPECT_EQ(value_of(before, "zero_biases"), 1) << id;
        EXPECT_LT(value_of(after, "zero_biases"), 1) << id;
        EXPECT_GT(value_of(after, "edge_ratio"), value_of(before, "edge_ratio")) << id;
    }
}

TEST(Initialisation, FansOfConvolutionsCountTheKernel) {
    Builder builder({8, 8, 3});
    builder.conv(3, 5, 3);
    const auto model = builder.build();
    Subject subject = subject_of(model);
    double mean = 0, square = 0;
    for (const double x : model->weights[0].to_double()) {
        mean += x / 135;
        square += x * x / 135;
    }
    const double variance = square - mean * mean;
    EXPECT_NEAR_RELATIVE(value_of(subject, "he_gain"), variance * 27 / 2, 1e-12);
    EXPECT_NEAR_RELATIVE(value_of(subject, "glorot_gain"), variance * (27 + 45) / 2, 1e-12);
    EXPECT_NEAR_RELATIVE(value_of(subject, "lecun_gain"), variance * 27, 1e-12);
}

TEST(Initialisation, BiasesAreCountedAndAveraged) {
    Builder builder({3});
    builder.dense(3, 4).dense(4, 2);
    builder.model().weights[1].values = std::vector<double>{0, 0, 0, 1};
    builder.model().weights[3].values = std::vector<double>{-2, 0};
    Subject subject = subject_of(builder.build());
    EXPECT_EQ(value_of(subject, "zero_biases", "", "dense_1"), 0.75);
    EXPECT_NEAR_RELATIVE(value_of(subject, "zero_biases"), 4.0 / 6, 1e-15);
    EXPECT_EQ(value_of(subject, "bias_mean", "", "dense_2"), -1);
    EXPECT_NEAR_RELATIVE(value_of(subject, "bias_mean"), -1.0 / 6, 1e-15);
    Builder without({3});
    without.dense(3, 4, false);
    Subject none = subject_of(without.build());
    EXPECT_EQ(test::reason_of(none, "zero_biases"), "the model has no biases");
}

TEST(SparsePatterns, ByHand) {
    // One unit with inputs 1 0 0 2 | 3 4 5 0, another with 0 0 0 0 | 0 0 0 6; the ninth input is in no group.
    std::vector<double> kernel;
    const double first[] = {1, 0, 0, 2, 3, 4, 5, 0, 7}, second[] = {0, 0, 0, 0, 0, 0, 0, -6, 7};
    for (int i = 0; i < 9; ++i) {
        kernel.push_back(first[i]);
        kernel.push_back(second[i]);
    }
    Builder builder({9});
    builder.dense(9, 2, true, kernel);
    Subject subject = subject_of(builder.build());
    EXPECT_EQ(value_of(subject, "nm_compliance"), 0.75);
    EXPECT_NEAR_RELATIVE(value_of(subject, "nm_magnitude_kept"), 18.0 / 21, 1e-15);
    EXPECT_EQ(value_of(subject, "nm_compliance[n=1,m=2]"), 7.0 / 8);   // only 3 4 has two
    EXPECT_NE(test::reason_of(subject, "nm_compliance[m=16]"), "");
}

TEST(SparsePatterns, ARandomHalfCompliesInElevenOfSixteen) {
    std::vector<double> kernel;
    for (std::uint64_t i = 0; i < 400 * 400; ++i) kernel.push_back(Seed{5}.uniform(i) < 0.5 ? 0.0 : 1.0);
    Builder builder({400});
    builder.dense(400, 400, true, kernel);
    Subject subject = subject_of(builder.build());
    EXPECT_NEAR(value_of(subject, "nm_compliance"), 11.0 / 16, 4 * std::sqrt(11.0 / 16 * 5 / 16 / 40000));
    EXPECT_NEAR(value_of(subject, "exact_zeros"), 0.5, 0.006);
    EXPECT_NEAR(value_of(subject, "weight_gini"), 0.5, 0.006);   // half share everything equally
}

TEST(WeightGini, OfKnownMagnitudes) {
    Builder equal({4}), one({4}), steps({4});
    equal.dense(4, 1, true, {1, -1, 1, 1});
    one.dense(4, 1, true, {0, 0, -5, 0});
    steps.dense(4, 1, true, {1, 2, 3, 4});
    Subject a = subject_of(equal.build()), b = subject_of(one.build()), c = subject_of(steps.build());
    EXPECT_NEAR(value_of(a, "weight_gini"), 0, 1e-15);
    EXPECT_NEAR_RELATIVE(value_of(b, "weight_gini"), 0.75, 1e-15);
    EXPECT_NEAR_RELATIVE(value_of(c, "weight_gini"), 0.25, 1e-15);
}

}  // namespace
}  // namespace assay::measures
