// Measures of weights against closed forms and by hand.

#include "tests/measures/models.hpp"
#include "tests/support/tolerance.hpp"

namespace assay::measures {
namespace {

using test::Builder;
using test::reason_of;
using test::subject_of;
using test::value_of;

// Kernels [[3, 0], [4, 5]] (singular values sqrt 45, sqrt 5) and [[2], [0]] (singular value 2), zero biases.
Builder by_hand() {
    Builder builder({2});
    builder.dense(2, 2, true, {3, 0, 4, 5}).activation("relu").dense(2, 1, true, {2, 0});
    for (const std::size_t bias : {1u, 3u}) {
        auto& values = std::get<std::vector<double>>(builder.model().weights[bias].values);
        std::fill(values.begin(), values.end(), 0.0);
    }
    return builder;
}

TEST(Sizes, AreCounts) {
    Builder builder = by_hand();
    Subject subject = subject_of(builder.build());
    EXPECT_EQ(value_of(subject, "parameter_count"), 4 + 2 + 2 + 1);
    EXPECT_EQ(value_of(subject, "weight_count"), 6);
    EXPECT_EQ(value_of(subject, "weight_count", "", "dense_1"), 4);
    EXPECT_EQ(value_of(subject, "depth"), 2);
}

TEST(Norms, OfMatricesByHand) {
    Builder builder = by_hand();
    Subject subject = subject_of(builder.build());
    EXPECT_EQ(value_of(subject, "l2"), 54);
    EXPECT_EQ(value_of(subject, "param_norm"), 54);
    EXPECT_NEAR_RELATIVE(value_of(subject, "frobenius_norm"), std::sqrt(54.0), 1e-15);
    EXPECT_NEAR_RELATIVE(value_of(subject, "frobenius_norm", "", "dense_1"), std::sqrt(50.0), 1e-15);
    for (const char* convention : {"matrix", "circular", "exact"}) {
        EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", convention, "dense_1"), std::sqrt(45.0), 1e-14);
        EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", convention), std::sqrt(45.0), 1e-14);
        EXPECT_NEAR_RELATIVE(value_of(subject, "log_prod_of_spec", convention), std::log(45.0 * 4), 1e-14);
        EXPECT_NEAR_RELATIVE(value_of(subject, "log_sum_of_spec", convention), std::log(2 * std::sqrt(180.0)), 1e-14);
    }
    EXPECT_NEAR_RELATIVE(value_of(subject, "log_prod_of_fro"), std::log(50.0 * 4), 1e-14);
    EXPECT_NEAR_RELATIVE(value_of(subject, "log_sum_of_fro"), std::log(2 * std::sqrt(200.0)), 1e-14);
    EXPECT_NEAR_RELATIVE(value_of(subject, "fro_over_spec"), 50.0 / 45 + 1, 1e-14);
    EXPECT_NEAR_RELATIVE(value_of(subject, "stable_rank", "matrix", "dense_1"), 50.0 / 45, 1e-14);
    EXPECT_NEAR_RELATIVE(value_of(subject, "stable_rank", "matrix"), (50.0 / 45 + 1) / 2, 1e-14);
}

TEST(Norms, OfAPointwiseConvolutionAgreeInAllConventions) {
    // A 1x1 convolution at stride 1 applies one matrix in every pixel.
    Builder builder({5, 4, 3});
    builder.conv(3, 2, 1).flatten().dense(40, 2);
    Subject subject = subject_of(builder.build());
    const double matrix = value_of(subject, "spectral_norm", "matrix", "conv_1");
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", "circular", "conv_1"), matrix, 1e-12);
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", "exact", "conv_1"), matrix, 1e-12);
}

TEST(Norms, ZeroPaddingIsAtMostCircular) {
    // The zero-padded operator is a compression of a circular one on a larger torus; a stride takes rows away.
    Builder builder({8, 8, 2});
    builder.conv(2, 3, 3, 1).activation("relu").conv(3, 4, 3, 2).flatten().dense(64, 2);
    Subject subject = subject_of(builder.build());
    Builder large({64, 64, 2});
    large.conv(2, 3, 3, 1);
    Subject torus = subject_of(large.build());
    const double bound = value_of(torus, "spectral_norm", "circular", "conv_1") * 1.02;   // the symbol sampled finely enough
    EXPECT_LE(value_of(subject, "spectral_norm", "exact", "conv_1"), bound);
    EXPECT_LE(value_of(subject, "spectral_norm", "exact", "conv_3"), 1.1 * value_of(subject, "spectral_norm", "circular", "conv_3"));
    EXPECT_GT(value_of(subject, "spectral_norm", "exact", "conv_3"), 0.3 * value_of(subject, "spectral_norm", "circular", "conv_3"));
}

TEST(Norms, OfAnAveragingConvolutionAreKnown) {
    // All-ones 3x3 kernel: the zero-padded operator is T (x) T, T the tridiagonal matrix of ones, with largest eigenvalue
    // 1 + 2 cos(pi / (n + 1)); the circular one has 3 x 3.
    Builder builder({6, 9, 1});
    builder.conv(1, 1, 3);
    auto& kernel = std::get<std::vector<double>>(builder.model().weights[0].values);
    std::fill(kernel.begin(), kernel.end(), 1.0);
    Subject subject = subject_of(builder.build());
    const double expected = (1 + 2 * std::cos(M_PI / 7)) * (1 + 2 * std::cos(M_PI / 10));
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", "exact", "conv_1"), expected, 1e-12);
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", "circular", "conv_1"), 9.0, 1e-12);
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", "matrix", "conv_1"), 3.0, 1e-12);
    Subject single = subject_of(builder.build(), "", engine::DType::float32);
    EXPECT_NEAR_RELATIVE(value_of(single, "spectral_norm", "exact", "conv_1"), expected, 2e-6);
}

TEST(Norms, OfLargeMatricesComeFromLanczos) {
    Builder builder({600});
    builder.dense(600, 700);
    Subject subject = subject_of(builder.build());
    // Weyl: a rank-one shift of known size moves the largest singular value of noise (about sqrt 600 + sqrt 700) by at most that.
    auto& kernel = std::get<std::vector<double>>(builder.model().weights[0].values);
    for (double& value : kernel) value = 0.001 * value + 1;
    Subject shifted = subject_of(builder.build());
    const double rank_one = std::sqrt(600.0 * 700.0);
    EXPECT_NEAR(value_of(subject, "spectral_norm", "matrix"), std::sqrt(600.0) + std::sqrt(700.0), 1.5);
    EXPECT_NEAR(value_of(shifted, "spectral_norm", "matrix"), rank_one, 0.001 * 52);
}

TEST(Norms, WeightsOnlyModelsHaveTheMatrixConventionAndReasonsForTheRest) {
    Builder builder({6, 6, 1});
    builder.conv(1, 2, 3).flatten().dense(72, 2);
    builder.build();
    builder.model().architecture.reset();
    Subject subject = subject_of(std::make_shared<model::Model>(builder.model()));
    EXPECT_GT(value_of(subject, "log_prod_of_spec", "matrix"), -1e9);
    EXPECT_NE(reason_of(subject, "log_prod_of_spec", "exact"), "");
    EXPECT_EQ(reason_of(subject, "path_norm", "exact"), "no architecture in a weights-only file");
    EXPECT_EQ(reason_of(subject, "fro_dist"), "needs initial weights");
    EXPECT_EQ(reason_of(subject, "train_accuracy"), "needs training data");
    subject.set_absence("train", "train_rows_undeclared: 2000 of 60000");
    EXPECT_EQ(reason_of(subject, "train_accuracy"), "train_rows_undeclared: 2000 of 60000");
}

TEST(Norms, AnUnsupportedLayerIsNamedAndLeavesMatrixNormsAlone) {
    Builder builder({6});
    builder.dense(6, 3).unsupported("Lambda").dense(3, 2);
    Subject subject = subject_of(builder.build());
    EXPECT_GT(value_of(subject, "log_prod_of_spec", "exact"), -1e9);   // dense layers need no architecture
    EXPECT_NE(reason_of(subject, "path_norm", "exact").find("Lambda"), std::string::npos) << reason_of(subject, "path_norm", "exact");
}

TEST(Norms, OfKernelsOfUnknownLayersAreTaken) {
    Builder builder = by_hand();
    builder.model().parameters.push_back({"sep/depthwise_kernel", "sep", "SeparableConv2D", model::Role::other, {1, 1, 2, 1}, true, {}});
    builder.model().weights.push_back({{1, 1, 2, 1}, "float64", std::vector<double>{3, 4}});
    builder.model().parameters.push_back({"sep/scales", "sep", "SeparableConv2D", model::Role::other, {2, 2}, true, {}});
    builder.model().weights.push_back({{2, 2}, "float64", std::vector<double>{1, 1, 1, 1}});
    Subject subject = subject_of(builder.build());
    EXPECT_EQ(value_of(subject, "depth"), 3);
    EXPECT_EQ(value_of(subject, "spectral_norm", "matrix", "sep"), 5);
}

TEST(Norms, NonFiniteAndZeroWeightsAreReasonsNotNumbers) {
    Builder builder = by_hand();
    std::get<std::vector<double>>(builder.model().weights[2].values)[0] = std::nan("");
    Subject subject = subject_of(builder.build());
    EXPECT_NE(reason_of(subject, "l2").find("NaN"), std::string::npos);
    EXPECT_NE(reason_of(subject, "log_prod_of_spec", "matrix").find("dense_3"), std::string::npos);
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_norm", "matrix", "dense_1"), std::sqrt(45.0), 1e-14);   // the other layer is fine

    Builder zero = by_hand();
    std::get<std::vector<double>>(zero.model().weights[2].values)[0] = 0;
    Subject zeros = subject_of(zero.build());
    EXPECT_NE(reason_of(zeros, "log_prod_of_fro").find("zeros only"), std::string::npos);
    EXPECT_EQ(value_of(zeros, "spectral_norm", "matrix", "dense_3"), 0);
}

TEST(Distances, AreThoseOfTheDifference) {
    Builder builder = by_hand();
    Subject subject = subject_of(builder.build());
    auto init = std::make_shared<model::Weights>(builder.model().weights);
    std::get<std::vector<double>>((*init)[0].values) = {3, 0, 4, 2};   // change [[0, 0], [0, 3]]
    std::get<std::vector<double>>((*init)[1].values) = {1, -1};        // biases moved by 1 each
    subject.set_weights("init", init);
    EXPECT_EQ(value_of(subject, "l2_dist"), 11);
    EXPECT_EQ(value_of(subject, "fro_dist"), 9);
    EXPECT_NEAR_RELATIVE(value_of(subject, "dist_spec_init"), 9.0, 1e-14);
    EXPECT_NEAR_RELATIVE(value_of(subject, "dist_spec_init", "", "dense_1"), 9.0, 1e-14);
}

TEST(Distances, LeaveMovingStatisticsOut) {
    Builder builder({4});
    builder.dense(4, 3, false).normalisation(3);
    Subject subject = subject_of(builder.build());
    auto init = std::make_shared<model::Weights>(builder.model().weights);
    for (const std::size_t statistic : {3u, 4u})
        for (double& value : std::get<std::vector<double>>((*init)[statistic].values)) value += 100;
    for (double& value : std::get<std::vector<double>>((*init)[1].values)) value += 2;   // gamma
    subject.set_weights("init", init);
    EXPECT_NEAR_RELATIVE(value_of(subject, "l2_dist"), 12.0, 1e-14);
    EXPECT_EQ(value_of(subject, "fro_dist"), 0);
}

TEST(ExactZeros, AreCounted) {
    Builder builder = by_hand();
    Subject subject = subject_of(builder.build());
    EXPECT_NEAR_RELATIVE(value_of(subject, "exact_zeros"), 2.0 / 6, 1e-15);
    EXPECT_EQ(value_of(subject, "exact_zeros", "", "dense_1"), 0.25);
}

}  // namespace
}  // namespace assay::measures
