// Norm-based measures over the margin and bounds, on networks whose numbers can be followed by hand.

#include "tests/measures/models.hpp"
#include "tests/support/tolerance.hpp"

#include <complex>

namespace assay::measures {
namespace {

using test::Builder;
using test::reason_of;
using test::rows_of;
using test::subject_of;
using test::value_of;

/// Kernels [[3, 0], [4, 5]] (singular values sqrt 45, sqrt 5; units (3, 4) and (0, 5)) and the identity, without biases; ten rows with
/// margins 1, ..., 10, so that the tenth's quantile is 1 (dziugaite) or 1.9 (interpolated).
Subject by_hand(bool with_init = true) {
    Builder builder({2});
    builder.dense(2, 2, false, {3, 0, 4, 5}).dense(2, 2, false, {1, 0, 0, 1});
    Subject subject = subject_of(builder.build(), "cross_entropy");
    // Outputs are (3 a + 4 b, 5 b): b = 0 and a = margin / 3.
    std::vector<double> inputs;
    for (int i = 1; i <= 10; ++i) {
        inputs.push_back(i / 3.0);
        inputs.push_back(0);
    }
    subject.set_rows("train", rows_of(inputs, {2}, std::vector<std::int64_t>(10, 0)));
    if (with_init) {
        auto init = std::make_shared<model::Weights>(builder.model().weights);
        std::get<std::vector<double>>((*init)[0].values) = {3, 0, 4, 2};   // change [[0, 0], [0, 3]]
        std::get<std::vector<double>>((*init)[1].values) = {1, 4, 0, 4};   // change [[0, -4], [0, -3]]
        subject.set_weights("init", init);
    }
    return subject;
}

TEST(NormSums, TakeTheMarginIntoTheMean) {
    Subject subject = by_hand();
    for (const auto& [convention, gamma] : {std::pair{"dziugaite", 1.0}, {"exact", 1.9}}) {
        EXPECT_NEAR_RELATIVE(value_of(subject, "log_sum_of_spec_over_margin", convention), std::log(2) + (std::log(45) - 2 * std::log(gamma)) / 2, 1e-12);
        EXPECT_NEAR_RELATIVE(value_of(subject, "log_sum_of_fro_over_margin", convention), std::log(2) + (std::log(100) - 2 * std::log(gamma)) / 2, 1e-12);
    }
    EXPECT_NEAR_RELATIVE(value_of(subject, "sum_of_spec", "exact"), 2 * std::sqrt(45.0), 1e-13);
    EXPECT_NEAR_RELATIVE(value_of(subject, "sum_of_fro"), 2 * std::sqrt(100.0), 1e-13);
}

TEST(MixedNorms, ByHand) {
    Subject subject = by_hand();
    const double l1_inf = 7 * 1;                                                               // units 7 and 5; 1 and 1
    const double l3 = std::pow(std::pow(91, 0.5) + std::pow(125, 0.5), 2.0 / 3) * std::pow(2, 2.0 / 3);
    const double trace = (std::sqrt(45.0) + std::sqrt(5.0)) * 2;
    const double schatten = std::pow(std::pow(45, 0.75) + std::pow(5, 0.75), 2.0 / 3) * std::pow(2, 2.0 / 3);
    for (const auto& [name, product] : {std::pair{"log_prod_of_l1_inf", l1_inf}, {"log_prod_of_l3_1_5", l3}, {"log_prod_of_trace_norm", trace},
                                        {"log_prod_of_schatten_1_5", schatten}}) {
        EXPECT_NEAR_RELATIVE(value_of(subject, name), std::log(product), 1e-12) << name;
        EXPECT_NEAR_RELATIVE(value_of(subject, std::string(name) + "_over_margin", "exact"), std::log(product / 1.9), 1e-12) << name;
        EXPECT_NEAR_RELATIVE(value_of(subject, std::string(name) + "_over_margin", "dziugaite"), std::log(product), 1e-12) << name;
    }
}

TEST(MixedNorms, RefuseAZeroLayer) {
    Builder builder({2});
    builder.dense(2, 2, false, {3, 0, 4, 5}).dense(2, 2, false, {0, 0, 0, 0});
    Subject subject = subject_of(builder.build());
    for (const char* name : {"log_prod_of_l1_inf", "log_prod_of_l3_1_5", "log_prod_of_trace_norm", "log_prod_of_schatten_1_5"})
        EXPECT_NE(reason_of(subject, name).find("zeros only"), std::string::npos) << name;
}

TEST(SpectralBounds, ByHand) {
    Subject subject = by_hand();
    const double s = std::sqrt(45.0), m = 10;
    // ||change||_{2,1}: 0 + 3 and 0 + 5; Frobenius 9 and 25; units 2 and 2; spectral norms s and 1; 8 weights, no biases.
    const double l21 = std::pow(std::pow(3 / s, 2.0 / 3) + std::pow(5, 2.0 / 3), 1.5);
    const double frobenius = std::sqrt(2 * 9 / 45.0 + 2 * 25.0);
    for (const auto& [convention, gamma] : {std::pair{"dziugaite", 1.0}, {"exact", 1.9}}) {
        EXPECT_NEAR_RELATIVE(value_of(subject, "spec_l21_bound", convention), std::log(m) * std::log(8) * s * l21 / (gamma * std::sqrt(m)), 1e-12);
        EXPECT_NEAR_RELATIVE(value_of(subject, "spec_fro_bound", convention), 2 * s * frobenius / (gamma * std::sqrt(m)), 1e-12);
    }
    Subject without = by_hand(false);
    EXPECT_EQ(reason_of(without, "spec_l21_bound", "exact"), "needs initial weights");
}

TEST(NormalisedMargin, ByHand) {
    Subject subject = by_hand(false);
    const double s = std::sqrt(45.0);
    // (2,1)-norms 5 + 5 and 1 + 1; inputs' squares sum to 385 / 9.
    const double complexity = s * std::pow(std::pow(10 / s, 2.0 / 3) + std::pow(2, 2.0 / 3), 1.5);
    for (const auto& [q, margin] : {std::pair{"0.1", 1.9}, {"0.5", 5.5}, {"0.9", 9.1}})
        EXPECT_NEAR_RELATIVE(value_of(subject, std::string("normalised_margin[quantile=") + q + "]"), margin * 10 / (complexity * std::sqrt(385 / 9.0)), 1e-12);
}

TEST(NormalisedMargin, DoesNotDependOnTheScaleOfALayer) {
    // Margins and complexity both grow with the scale of a layer; preprocessing is part of the inputs.
    Builder builder({3});
    builder.dense(3, 5, false).activation("relu").dense(5, 4, false);
    std::vector<double> inputs;
    for (std::uint64_t i = 0; i < 60; ++i) inputs.push_back(Seed{8}.normal(i));
    const std::vector<std::int64_t> labels{0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3};
    Subject subject = subject_of(builder.build(), "cross_entropy");
    subject.set_rows("train", rows_of(inputs, {3}, labels));
    for (double& w : std::get<std::vector<double>>(builder.model().weights[1].values)) w *= 8;
    Subject scaled = subject_of(builder.build(), "cross_entropy");
    data::Rows rows = rows_of(inputs, {3}, labels);
    rows.preprocessing.scale = 0.25;
    scaled.set_rows("train", rows);
    EXPECT_NEAR_RELATIVE(value_of(scaled, "normalised_margin[quantile=0.5]"), value_of(subject, "normalised_margin[quantile=0.5]"), 1e-12);
}

TEST(VcDimension, IsTheFormula) {
    Builder builder({8, 8, 1});
    builder.conv(1, 2, 3).flatten().dense(128, 3);
    Subject subject = subject_of(builder.build(), "cross_entropy");
    const double weights = 18 + 384;
    EXPECT_NEAR_RELATIVE(value_of(subject, "vc_dim", "pgdl"), 2 + 4 * std::log(44 * 1024.0) * weights, 1e-14);
    std::vector<double> inputs;
    for (std::uint64_t i = 0; i < 20 * 64; ++i) inputs.push_back(Seed{3}.normal(i));
    subject.set_rows("train", rows_of(inputs, {8, 8, 1}, std::vector<std::int64_t>(20, 1)));
    const double logarithm = std::log2(6 * 2 * 8.0);
    EXPECT_NEAR_RELATIVE(value_of(subject, "vc_bound", "dziugaite"),
                         value_of(subject, "train_accuracy") + 3888 * 3 * std::sqrt(2 * std::pow(logarithm, 3) * weights / 20) + std::sqrt(std::log(100.0) / 20), 1e-13);
    Subject flat = by_hand();
    EXPECT_NE(reason_of(flat, "vc_bound", "dziugaite").find("image"), std::string::npos);
}

/// Squared largest singular value over all frequencies of one 2-D kernel with one input and one output channel: the largest magnitude of
/// its transform, by its definition.
double squared_transform_norm(const std::vector<double>& kernel, int size, int n) {
    double largest = 0;
    for (int u = 0; u < n; ++u)
        for (int v = 0; v < n; ++v) {
            std::complex<double> sum = 0;
            for (int a = 0; a < size; ++a)
                for (int b = 0; b < size; ++b) sum += kernel[static_cast<std::size_t>(a * size + b)] * std::polar(1.0, -2 * M_PI * (u * a + v * b) / n);
            largest = std::max(largest, std::norm(sum));
        }
    return largest;
}

TEST(FourierNorms, AreTakenAtTheSizeOfTheNetworksInput) {
    // Images of 8 x 8, the second convolution sees 4 x 4: the code's convention keeps 8.
    Builder builder({8, 8, 1});
    builder.conv(1, 1, 3, 2).conv(1, 1, 3, 1).flatten().dense(16, 2);
    builder.model().weights[2].values = std::vector<double>{1, 2, -3, 2, 0, 0, 1, -1, 3};   // its largest frequency is one of 8 but none of 4
    const auto model = builder.build();
    const std::vector<double> first = model->weights[0].to_double(), second = model->weights[2].to_double();
    Subject subject = subject_of(model, "cross_entropy");
    auto init = std::make_shared<model::Weights>(model->weights);
    for (double& w : std::get<std::vector<double>>((*init)[2].values)) w *= 0.5;   // the change is half of the second kernel
    subject.set_weights("init", init);
    std::vector<double> inputs;
    for (std::uint64_t i = 0; i < 20 * 64; ++i) inputs.push_back(Seed{5}.normal(i));
    std::vector<std::int64_t> labels;
    for (std::int64_t i = 0; i < 20; ++i) labels.push_back(i % 2);
    subject.set_rows("train", rows_of(inputs, {8, 8, 1}, labels));

    const double a = squared_transform_norm(first, 3, 8), b = squared_transform_norm(second, 3, 8);
    EXPECT_NEAR_RELATIVE(b, 106.94112549695429, 1e-12);   // NumPy's fft2 at 8 x 8
    EXPECT_NEAR_RELATIVE(squared_transform_norm(second, 3, 4), 85.0, 1e-12);
    const double dense = std::pow(value_of(subject, "spectral_norm", "matrix", "dense_4"), 2);
    const double log_product = std::log(a) + std::log(b) + std::log(dense);
    double first_squares = 0, second_squares = 0, dense_squares = 0;
    for (const double w : first) first_squares += w * w;
    for (const double w : second) second_squares += w * w;
    for (const double w : model->weights[4].to_double()) dense_squares += w * w;
    const double ranks = first_squares / a + second_squares / b + dense_squares / dense;
    const double gamma = value_of(subject, "margin_quantile[quantile=0.1]", "dziugaite"), over = -2 * std::log(std::abs(gamma));
    const auto value = [&](const char* name) { return value_of(subject, name, "dziugaite"); };
    EXPECT_NEAR_RELATIVE(value("log_prod_of_spec_fft"), log_product, 1e-12);
    EXPECT_NEAR_RELATIVE(value("log_sum_of_spec_fft"), std::log(3) + log_product / 3, 1e-12);
    EXPECT_NEAR_RELATIVE(value("fro_over_spec_fft"), ranks, 1e-12);
    EXPECT_NEAR_RELATIVE(value("dist_spec_init_fft"), b / 4, 1e-12);
    EXPECT_NEAR_RELATIVE(value("log_prod_of_spec_over_margin_fft"), log_product + over, 1e-11);
    EXPECT_NEAR_RELATIVE(value("log_sum_of_spec_over_margin_fft"), std::log(3) + (log_product + over) / 3, 1e-11);
    EXPECT_NEAR_RELATIVE(value("log_spec_orig_main_fft"), log_product + over + std::log(ranks), 1e-11);
    const double from_init = log_product + over + std::log(second_squares / 4 / b);
    EXPECT_NEAR_RELATIVE(value("log_spec_init_main_fft"), from_init, 1e-11);
    const double constant = 84 * 7 * (3 + 3 + std::sqrt(2.0)) + std::sqrt(std::log(4 * 64 * 3.0));
    EXPECT_NEAR_RELATIVE(value("spec_init[B=7]"), constant * std::exp(from_init) + std::log(2000.0) / (gamma * gamma), 1e-10);
    EXPECT_NEAR_RELATIVE(value("spec_orig[B=7]"), constant * std::exp(log_product + over) * ranks + std::log(2000.0) / (gamma * gamma), 1e-10);
}

TEST(FourierNorms, OfANetworkOfMatricesAreSpectralNorms) {
    Subject subject = by_hand();
    EXPECT_NEAR_RELATIVE(value_of(subject, "log_prod_of_spec_fft", "dziugaite"), value_of(subject, "log_prod_of_spec", "matrix"), 1e-14);
    EXPECT_NEAR_RELATIVE(value_of(subject, "fro_over_spec_fft", "dziugaite"), value_of(subject, "fro_over_spec"), 1e-14);
    EXPECT_NEAR_RELATIVE(value_of(subject, "dist_spec_init_fft", "dziugaite"), value_of(subject, "dist_spec_init"), 1e-14);
    EXPECT_NEAR_RELATIVE(value_of(subject, "log_spec_init_main_fft", "dziugaite"), value_of(subject, "log_spec_init_main", "dziugaite"), 1e-13);
    EXPECT_NE(reason_of(subject, "spec_orig", "dziugaite").find("image"), std::string::npos);
}

}  // namespace
}  // namespace assay::measures
