// PAC-Bayes noise searches against a network whose accuracy under noise is known: row i looks at weight i alone.

#include "libanalysis/engine/passes.hpp"
#include "libanalysis/measures/folded.hpp"
#include "libanalysis/measures/ingredients/noise_search.hpp"
#include "tests/measures/models.hpp"
#include "tests/support/tolerance.hpp"

namespace assay::measures {
namespace {

using ingredients::NoiseSearch;
using test::Builder;
using test::reason_of;
using test::rows_of;
using test::subject_of;
using test::value_of;

constexpr std::size_t d = 600;
double tail(double x) { return std::erfc(x / std::sqrt(2.0)) / 2; }   // P(z > x)

// Accuracy under noise of deviation s: P(magnitude + s z > 0) = 1 - tail(magnitude / s).
Subject independent(double magnitude) {
    Builder builder({static_cast<std::int64_t>(d)});
    std::vector<double> kernel(d), x(d * d, 0.0);
    std::vector<std::int64_t> labels(d);
    for (std::size_t i = 0; i < d; ++i) {
        labels[i] = static_cast<std::int64_t>(i % 2);
        kernel[i] = labels[i] ? magnitude : -magnitude;
        x[i * d + i] = 1;
    }
    builder.dense(static_cast<std::int64_t>(d), 1, false, kernel).activation("sigmoid");
    Subject subject = subject_of(builder.build(), "binary_cross_entropy", engine::DType::float32);
    subject.set_rows("train", rows_of(x, {static_cast<std::int64_t>(d)}, labels));
    return subject;
}

// The search accepts 0.1 +- 0.01; the mean over draws and rows scatters about the truth by less than 0.005.
constexpr double fall = 0.1, slack = 0.01 + 3 * 0.005;

TEST(NoiseSearch, FindsTheDeviationAtWhichATenthIsLost) {
    Subject subject = independent(1);
    EXPECT_NEAR(tail(1 / value_of(subject, "pacbayes_sigma", "exact")), fall, slack);
    EXPECT_NEAR(tail(1 / value_of(subject, "pacbayes_sigma", "jiang")), fall, slack);
    const double squared = value_of(subject, "pacbayes_sigma", "dziugaite");   // the deviation is sigma^2
    EXPECT_NEAR(tail(1 / (squared * squared)), fall, slack);
    for (const char* convention : {"exact", "dziugaite", "jiang"}) {
        EXPECT_NEAR(value_of(subject, "pacbayes_sigma_displacement", convention), 0.1, 0.01 + 1e-12) << convention;
        const double sigma = value_of(subject, "pacbayes_sigma", convention);
        EXPECT_NEAR_RELATIVE(value_of(subject, "pacbayes_flatness", convention), 1 / (sigma * sigma), 1e-14);
    }
    const auto& found = subject.get<NoiseSearch>({"exact", NoiseSearch::Scale::absolute});
    EXPECT_EQ(found.status, NoiseSearch::Status::converged);
    EXPECT_EQ(found.evaluations % 10, 0);
    EXPECT_LE(found.evaluations, 150);
    EXPECT_NEAR(found.displacement_error, std::sqrt(0.09 / d / 10), 0.7 * std::sqrt(0.09 / d / 10));   // ten draws
}

TEST(NoiseSearch, MagnitudeAwareNoiseFollowsTheWeights) {
    for (const double magnitude : {1.0, 5.0}) {
        Subject subject = independent(magnitude);
        EXPECT_NEAR(tail(1 / value_of(subject, "pacbayes_sigma_magnitude", "exact")), fall, slack);
        EXPECT_NEAR(tail(1 / value_of(subject, "pacbayes_sigma_magnitude", "jiang")), fall, slack);
        const double squared = value_of(subject, "pacbayes_sigma_magnitude", "dziugaite");   // the deviation is sigma^2 w^2 + 1e-6
        EXPECT_NEAR(tail(1 / (squared * squared * magnitude)), fall, slack);
    }
}

TEST(NoiseSearch, SaysWhenTheNoiseIsNeverEnough) {
    Subject subject = independent(50);
    EXPECT_NE(reason_of(subject, "pacbayes_sigma", "exact").find("the largest tried"), std::string::npos) << reason_of(subject, "pacbayes_sigma", "exact");
    EXPECT_EQ(value_of(subject, "pacbayes_sigma_displacement", "exact"), 0);
    EXPECT_EQ(value_of(subject, "pacbayes_sigma", "dziugaite"), 2 - std::ldexp(1.0, -14));   // the fifteenth midpoint of (0, 2), as the code gives it
    EXPECT_GT(value_of(subject, "pacbayes_sigma", "jiang"), 2 - 2 * 5e-3);
    EXPECT_EQ(value_of(subject, "pacbayes_sigma_displacement", "dziugaite"), 0);
}

TEST(NoiseSearch, BracketsAJumpOfAccuracy) {
    // All rows look at one weight; a fifth is labelled against it: a draw that flips the sign costs 0.6, in the mean over ten draws 0.06.
    Builder builder({1});
    builder.dense(1, 1, false, {1}).activation("sigmoid");
    Subject subject = subject_of(builder.build(), "binary_cross_entropy");
    subject.set_rows("train", rows_of({1, 1, 1, 1, 1}, {1}, {1, 1, 1, 1, 0}));
    const auto& found = subject.get<NoiseSearch>({"exact", NoiseSearch::Scale::absolute});
    ASSERT_EQ(found.status, NoiseSearch::Status::bracketed);
    EXPECT_EQ(found.sigma, found.lower);
    EXPECT_NEAR(found.upper - found.lower, std::ldexp(1.0, -14), 1e-12);
    EXPECT_NEAR(value_of(subject, "pacbayes_sigma_displacement", "exact"), 0.06, 1e-9);
}

TEST(NoiseSearch, NeedsClasses) {
    Builder builder({1});
    builder.dense(1, 1, false, {1});
    Subject subject = subject_of(builder.build(), "mean_squared_error");
    const auto split = data::make_split({{"x", {1}, {1, 2}}}, {}, {0.5, 0.25}, 1);
    subject.set_rows("train", {split, data::all_rows(*split), {}});
    EXPECT_NE(reason_of(subject, "pacbayes_sigma", "exact").find("classes"), std::string::npos) << reason_of(subject, "pacbayes_sigma", "exact");
    EXPECT_TRUE(std::isfinite(value_of(subject, "sam_sharpness")));
}

TEST(Bounds, AreTheFormulasOfTheirSigma) {
    Subject subject = independent(1);
    auto init = std::make_shared<model::Weights>(subject.model().weights);
    std::get<std::vector<double>>((*init)[0].values)[0] += 3;   // ||w - w0||^2 = 9, one coordinate moved
    subject.set_weights("init", init);
    const double n = d, epsilon = 1e-6;
    for (const char* convention : {"exact", "dziugaite"}) {
        const double sigma = value_of(subject, "pacbayes_sigma", convention), rest = std::log(n / sigma) + 10;
        EXPECT_NEAR_RELATIVE(value_of(subject, "pacbayes_orig", convention), n / (4 * sigma * sigma) + rest, 1e-12);
        EXPECT_NEAR_RELATIVE(value_of(subject, "pacbayes_init", convention), 9 / (4 * sigma * sigma) + rest, 1e-12);
        const double s = value_of(subject, "pacbayes_sigma_magnitude", convention), ss = s * s, tail_terms = std::log(n / s) + 10;
        EXPECT_NEAR_RELATIVE(value_of(subject, "pacbayes_mag_flatness", convention), 1 / ss, 1e-14);
        const double top = epsilon + (ss + 1) * 9 / n;
        EXPECT_NEAR_RELATIVE(value_of(subject, "pacbayes_mag_init", convention),
                             ((n - 1) * std::log(top / epsilon) + std::log(top / (epsilon + 9 * ss))) / 4 + tail_terms, 1e-12);
        const double all = epsilon + (ss + 1);
        const double expected = std::string(convention) == "exact" ? n * std::log(all / (epsilon + ss)) / 4
                                                                   : ((n - 1) * std::log(all / epsilon) + std::log(all / (epsilon + 9 * ss))) / 4;
        EXPECT_NEAR_RELATIVE(value_of(subject, "pacbayes_mag_orig", convention), expected + tail_terms, 1e-12);
    }
}

TEST(Bounds, NeedTheNumberOfTrainingRows) {
    Builder builder({1});
    builder.dense(1, 1, false, {1}).activation("sigmoid");
    Subject subject(builder.build(), {.loss = "binary_cross_entropy", .precision = engine::DType::float64, .sampled = true}, Context{});
    subject.set_rows("train", rows_of({1, -1}, {1}, {1, 0}));
    EXPECT_NE(reason_of(subject, "pacbayes_orig", "exact").find("a sample"), std::string::npos) << reason_of(subject, "pacbayes_orig", "exact");
    EXPECT_NE(reason_of(subject, "pacbayes_mag_orig", "dziugaite").find("needs initial weights"), std::string::npos);
}

TEST(Folding, KeepsTheFunctionAndNeutralisesTheNormalisation) {
    for (const bool bias : {true, false})
        for (const bool scale : {true, false})
            for (const bool center : {true, false}) {
                Builder builder({5, 5, 2});
                builder.conv(2, 3, 3, 1, "same", bias).normalisation(3, scale, center).activation("relu").flatten().dense(75, 4, bias).normalisation(4, scale, center);
                Subject subject = subject_of(builder.build(), "mean_squared_error");
                std::vector<double> x(50 * 3);
                for (std::size_t i = 0; i < x.size(); ++i) x[i] = Seed{9}.normal(i);
                const data::Rows rows = rows_of(x, {5, 5, 2}, {0, 1, 2});
                subject.set_rows("train", rows);
                const model::Weights other = folded(subject.model(), subject.model().weights);
                const engine::Buffer packed = subject.network().pack(subject.backend(), other);
                const auto at = [&](engine::ConstView parameters) {
                    return engine::outputs_over(subject.network(), subject.backend(), parameters, rows, Context{}).values;
                };
                EXPECT_LT(test::distance(at(packed.const_view()), at(subject.parameters("final"))), 1e-12) << bias << scale << center;
                for (std::size_t i = 0; i < other.size(); ++i) {
                    const model::Role role = subject.model().parameters[i].role;
                    const bool zero = (role == model::Role::beta && bias) || (role == model::Role::moving_mean && (bias || center));
                    for (const double value : other[i].to_double())
                        EXPECT_TRUE(role == model::Role::gamma ? value == 1 : role == model::Role::moving_variance ? value == 1 - 1e-3 : !zero || value == 0);
                }
                EXPECT_GT(test::distance(other[0].to_double(), subject.model().weights[0].to_double()), 0.01);
            }
}

TEST(Folding, IsRefusedAfterAnActivationAndSaidByTheMeasure) {
    Builder builder({2});
    builder.dense(2, 3).activation("relu").normalisation(3).dense(3, 2).activation("softmax");
    Subject subject = subject_of(builder.build(), "cross_entropy");
    subject.set_rows("train", rows_of({1, 2, /**/ -1, 1}, {2}, {0, 1}));
    EXPECT_THROW(folded(subject.model(), subject.model().weights), Error);
    EXPECT_NE(reason_of(subject, "pacbayes_sigma", "dziugaite").find("directly before it"), std::string::npos);
    EXPECT_EQ(reason_of(subject, "pacbayes_sigma_displacement", "jiang"), "");
}

}  // namespace
}  // namespace assay::measures
