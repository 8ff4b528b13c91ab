// Sharpness in closed form: a linear network under squared error is a quadratic in its weights.

#include "tests/measures/models.hpp"
#include "tests/support/tolerance.hpp"

#include <array>

namespace assay::measures {
namespace {

using test::Builder;
using test::reason_of;
using test::rows_of;
using test::subject_of;
using test::value_of;

constexpr std::array<double, 2> w{0.7, -1.3};
const std::vector<double> inputs{1, 2, /**/ -1, 0.5, /**/ 0.3, -2, /**/ 2, 1};
const std::vector<std::int64_t> targets{1, 0, 1, 0};

// L(w) = mean (x.w - y)^2.
double loss(double a, double b) {
    double sum = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const double r = inputs[2 * i] * a + inputs[2 * i + 1] * b - static_cast<double>(targets[i]);
        sum += r * r;
    }
    return sum / 4;
}

std::array<double, 2> gradient() {
    std::array<double, 2> g{};
    for (std::size_t i = 0; i < 4; ++i) {
        const double r = inputs[2 * i] * w[0] + inputs[2 * i + 1] * w[1] - static_cast<double>(targets[i]);
        for (std::size_t j = 0; j < 2; ++j) g[j] += 2 * r * inputs[2 * i + j] / 4;
    }
    return g;
}

Subject quadratic(std::uint64_t seed = 0, int threads = 1) {
    Builder builder({2});
    builder.dense(2, 1, false, {w[0], w[1]});
    Context context;
    context.seed = Seed{seed};
    context.threads = threads;
    Subject subject(builder.build(), {.loss = "mean_squared_error", .precision = engine::DType::float64}, context);
    subject.set_rows("train", rows_of(inputs, {2}, targets));
    return subject;
}

TEST(SamSharpness, IsTheIncreaseAfterOneNormalisedStep) {
    Subject subject = quadratic();
    const auto g = gradient();
    const double norm = std::hypot(g[0], g[1]);
    for (const double rho : {0.05, 0.5}) {
        const double expected = loss(w[0] + rho * g[0] / norm, w[1] + rho * g[1] / norm) - loss(w[0], w[1]);
        EXPECT_NEAR_RELATIVE(value_of(subject, rho == 0.05 ? "sam_sharpness" : "sam_sharpness[rho=0.5]"), expected, 1e-12);
    }
    EXPECT_THROW(value_of(subject, "sam_sharpness[rho=0]"), Error);
    EXPECT_EQ(measure_all(subject, parse_requests("sam_sharpness")).front().value.objective,
              "mean_squared_error, mean, no regulariser, BatchNormalization inference");
}

TEST(AsamSharpness, ScalesTheStepByTheMagnitudes) {
    Subject subject = quadratic();
    const auto g = gradient();
    const double rho = 0.5, eta = 0.01, t0 = std::abs(w[0]) + eta, t1 = std::abs(w[1]) + eta, norm = std::hypot(t0 * g[0], t1 * g[1]);
    const double expected = loss(w[0] + rho * t0 * t0 * g[0] / norm, w[1] + rho * t1 * t1 * g[1] / norm) - loss(w[0], w[1]);
    EXPECT_NEAR_RELATIVE(value_of(subject, "asam_sharpness"), expected, 1e-12);
    EXPECT_GT(std::abs(value_of(subject, "asam_sharpness[eta=1]") - expected), 1e-3);
}

TEST(SamSharpness, HasNoDirectionWhereTheGradientIsZero) {
    Builder builder({1});
    builder.dense(1, 1, false, {2});
    Subject subject = subject_of(builder.build(), "mean_squared_error");
    subject.set_rows("train", rows_of({0.5}, {1}, {1}));   // fits exactly
    EXPECT_NE(reason_of(subject, "sam_sharpness").find("gradient is zero"), std::string::npos);
}

// A convex function has its maximum over a box in a corner.
TEST(KeskarSharpness, FindsTheWorstCornerOfAQuadratic) {
    Subject subject = quadratic();
    for (const double epsilon : {0.001, 0.5}) {
        double largest = 0;
        for (const double a : {-1, 1})
            for (const double b : {-1, 1}) largest = std::max(largest, loss(w[0] + a * epsilon * (std::abs(w[0]) + 1), w[1] + b * epsilon * (std::abs(w[1]) + 1)));
        const double plain = loss(w[0], w[1]);
        EXPECT_NEAR_RELATIVE(value_of(subject, epsilon == 0.5 ? "keskar_sharpness[epsilon=0.5]" : "keskar_sharpness"), 100 * (largest - plain) / (1 + plain), 1e-9);
    }
}

TEST(KeskarSharpness, LeavesAMinimumByItsRandomStart) {
    Builder builder({1});
    builder.dense(1, 1, false, {2});
    Subject subject = subject_of(builder.build(), "mean_squared_error");
    subject.set_rows("train", rows_of({0.5}, {1}, {1}));
    EXPECT_NEAR_RELATIVE(value_of(subject, "keskar_sharpness[epsilon=0.1]"), 100 * 0.3 * 0.3 * 0.25, 1e-9);   // (0.5 * 0.3)^2
}

TEST(AverageSharpness, IsHalfTheSquaredRadiusTimesTheMeanCurvature) {
    // tr H = (2 / N) sum ||x||^2 and L is quadratic: rho^2 tr H / (2 P) for every rho. The error bar holds: 200 seeds.
    double squared = 0;
    for (const double x : inputs) squared += x * x;
    const double rho = 0.05, expected = rho * rho * (2 * squared / 4) / (2 * 2);
    int covered = 0, seeds = 200;
    double mean = 0, variance = 0;
    for (int seed = 0; seed < seeds; ++seed) {
        Subject subject = quadratic(static_cast<std::uint64_t>(seed));
        const Value value = measure_all(subject, parse_requests("average_sharpness")).front().value;
        ASSERT_TRUE(value.ok() && value.standard_error);
        const double found = std::get<double>(value.value);
        covered += std::abs(found - expected) < 2 * *value.standard_error;
        mean += found / seeds;
        variance += *value.standard_error * *value.standard_error / seeds;
    }
    EXPECT_NEAR(mean, expected, 4 * std::sqrt(variance / seeds));
    EXPECT_GE(covered, 0.88 * seeds);   // 20 pairs: a t distribution, whose 2 is 94 %
    EXPECT_LT(covered, seeds);
}

TEST(SharpnessSeeds, DecideAndThreadsDoNot) {
    Builder builder({3});
    builder.dense(3, 40).activation("tanh").dense(40, 2).activation("softmax");
    std::vector<double> x(3 * 300);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = Seed{5}.normal(i);
    std::vector<std::int64_t> labels(300);
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = x[3 * i] > 0;
    const auto values = [&](std::uint64_t seed, int threads) {
        Context context;
        context.seed = Seed{seed};
        context.threads = threads;
        Subject subject(builder.build(), {.loss = "cross_entropy", .precision = engine::DType::float32}, context);
        subject.set_rows("train", rows_of(x, {3}, labels));
        std::vector<double> found;
        for (const Row& row : measure_all(subject, parse_requests("sharpness")))
            if (const double* number = std::get_if<double>(&row.value.value)) found.push_back(*number);
        return found;
    };
    const auto first = values(1, 1);
    EXPECT_GE(first.size(), 10u);
    EXPECT_EQ(first, values(1, 3));
    EXPECT_NE(first, values(2, 1));
}

}  // namespace
}  // namespace assay::measures
