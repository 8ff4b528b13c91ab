// Measures of curvature: the golden networks through a Subject, closed forms, and the same bits for any number of threads.

#include "libanalysis/engine/passes.hpp"
#include "libanalysis/measures/curvature/eigenvalues.hpp"
#include "tests/engine/layers/golden_networks.hpp"
#include "tests/measures/models.hpp"
#include "tests/support/tolerance.hpp"

namespace assay::measures {
namespace {

using test::Builder;
using test::reason_of;
using test::rows_of;
using test::subject_of;
using test::value_of;

Subject golden(std::size_t which) {
    Subject subject = subject_of(std::make_shared<model::Model>(test::golden_model(which)), test::golden_names.at(which).loss);
    subject.set_rows("train", test::golden_data(which));
    return subject;
}

std::vector<double> array_of(Subject& subject, std::string_view request) {
    for (const Row& row : measure_all(subject, parse_requests(request)))
        if (const auto* array = std::get_if<std::vector<double>>(&row.value.value)) return *array;
    return {};
}

// 40-digit arithmetic.
struct Known {
    double loss, gradient_norm, hessian_trace, ggn_trace, ef_trace, frobenius;
    std::array<double, 3> top;
    double least, ggn_top;
};
constexpr std::array<Known, 4> known{{
    {1.159622047917, 0.2335175520468, 1.321480331486, 1.512244085353, 1.668747974724, 0.9629865281172, {0.5847224956735, 0.4298421491427, 0.3083422057334}, -0.2308955495265, 0.5990197963},
    {1.177185962676, 0.3156028225718, 1.328542036128, 1.328542036128, 1.497884499704, 1.171216527927, {0.6414944597711, 0.4277175434656, 0.3809566807254}, -0.3479552460685, 0.6115168524695},
    {0.5172169242847, 0.8978385910739, 6.612323382331, 6.340199312417, 2.058542078705, 3.247440161099, {1.681817099194, 1.338333049763, 1.053265140313}, -0.7357438034156, 1.639855777257},
    {0.7181725865898, 0.07650853311409, 0.7296742412662, 0.7296742412662, 0.1825982481699, 0.3895656232377, {0.2428183414159, 0.1449966509541, 0.1255914852984}, -0.08207541766758, 0.2201363188518},
}};
constexpr double ten_digits = 1e-9;   // as printed

TEST(CurvatureMeasures, HaveTheKnownEigenvalues) {
    for (std::size_t which = 0; which < known.size(); ++which) {
        Subject subject = golden(which);
        const std::vector<double> top = array_of(subject, "hessian_top");
        ASSERT_EQ(top.size(), 10u);
        EXPECT_TRUE(std::is_sorted(top.rbegin(), top.rend()));
        for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR_RELATIVE(top[i], known[which].top[i], ten_digits);
        EXPECT_NEAR_RELATIVE(value_of(subject, "hessian_lambda_max"), known[which].top[0], ten_digits);
        EXPECT_NEAR_RELATIVE(value_of(subject, "hessian_lambda_min"), known[which].least, ten_digits);
        EXPECT_NEAR_RELATIVE(value_of(subject, "hessian_negativity"), -known[which].least / known[which].top[0], ten_digits);
        EXPECT_NEAR_RELATIVE(value_of(subject, "ggn_lambda_max"), known[which].ggn_top, ten_digits);
    }
}

TEST(TrainLoss, IsTheKnownOneForClassesAndTargets) {
    for (std::size_t which = 0; which < known.size(); ++which) {
        Subject subject = golden(which);
        EXPECT_NEAR_RELATIVE(value_of(subject, "train_loss"), known[which].loss, ten_digits);
    }
}

TEST(CurvatureMeasures, NameTheirObjective) {
    Subject subject = golden(0);
    for (const Row& row : measure_all(subject, parse_requests("curvature"))) {
        if (!row.value.ok()) continue;
        EXPECT_EQ(row.value.objective, "cross_entropy, mean over 6 rows, no regulariser") << row.measure->name;
    }
}

TEST(CurvatureMeasures, ARegulariserShiftsTheHessianButNotTheGaussNewtonMatrixOfTheLoss) {
    auto model = std::make_shared<model::Model>(test::golden_model(1));
    for (std::size_t i = 0; i < model->parameters.size(); ++i) model->facts.regularisers.push_back({i, 0, 0.25});
    Subject subject = subject_of(model, "cross_entropy");
    subject.set_rows("train", test::golden_data(1));
    EXPECT_NEAR_RELATIVE(value_of(subject, "hessian_lambda_max"), known[1].top[0] + 0.5, ten_digits);
    EXPECT_NEAR_RELATIVE(value_of(subject, "hessian_lambda_min"), known[1].least + 0.5, ten_digits);
    EXPECT_NEAR_RELATIVE(value_of(subject, "ggn_lambda_max"), known[1].ggn_top, ten_digits);
    EXPECT_NE(measure_all(subject, parse_requests("hessian_lambda_max")).front().value.objective.find("l2 0.25"), std::string::npos);
    EXPECT_NE(measure_all(subject, parse_requests("ggn_lambda_max")).front().value.objective.find("no regulariser"), std::string::npos);
}

// A linear network under squared error: H = (2 / N) X'X for one output.
TEST(CurvatureMeasures, OfALinearNetworkAreThoseOfTheDataCovariance) {
    Builder builder({2});
    builder.dense(2, 1, false, {0.7, -1.3});
    Subject subject = subject_of(builder.build(), "mean_squared_error");
    const std::vector<double> x{1, 2, /**/ -1, 0.5, /**/ 0.3, -2, /**/ 2, 1};
    subject.set_rows("train", rows_of(x, {2}, {1, 0, 1, 0}));
    double a = 0, b = 0, c = 0;
    for (std::size_t i = 0; i < 4; ++i) a += x[2 * i] * x[2 * i] / 2, b += x[2 * i] * x[2 * i + 1] / 2, c += x[2 * i + 1] * x[2 * i + 1] / 2;
    const double middle = (a + c) / 2, radius = std::sqrt((a - c) * (a - c) / 4 + b * b);
    EXPECT_NEAR_RELATIVE(value_of(subject, "hessian_lambda_max"), middle + radius, 1e-12);
    EXPECT_NEAR_RELATIVE(value_of(subject, "hessian_lambda_min"), middle - radius, 1e-12);
    EXPECT_NEAR_RELATIVE(value_of(subject, "ggn_lambda_max"), middle + radius, 1e-12);
    EXPECT_EQ(array_of(subject, "hessian_top").size(), 2u);
}

// A bias-free ReLU network of depth 2 is homogeneous of degree 2 in its weights: J w = 2 f.
TEST(FisherRao, IsThatOfAHomogeneousFunction) {
    Builder builder({3});
    builder.dense(3, 5, false).activation("relu").dense(5, 3, false);
    Subject subject = subject_of(builder.build(), "cross_entropy");
    std::vector<double> x(3 * 8);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = Seed{3}.normal(i);
    const std::vector<std::int64_t> labels{0, 1, 2, 0, 1, 2, 1, 1};
    const data::Rows rows = rows_of(x, {3}, labels);
    subject.set_rows("train", rows);
    const auto outputs = engine::outputs_over(subject.network(), subject.backend(), subject.parameters("final"), rows, Context{});
    double exact = 0, paper = 0;
    for (std::int64_t n = 0; n < 8; ++n) {
        const auto f = outputs.row(n);
        double sum = 0, mean = 0, square = 0;
        for (const double z : f) sum += std::exp(z);
        for (const double z : f) mean += std::exp(z) / sum * z, square += std::exp(z) / sum * z * z;
        exact += 4 * (square - mean * mean) / 8;   // f' (diag p - p p') f
        const double slope = mean - f[static_cast<std::size_t>(labels[static_cast<std::size_t>(n)])];
        paper += 4 * slope * slope / 8;
    }
    EXPECT_NEAR_RELATIVE(value_of(subject, "fisher_rao", "exact"), exact, 1e-12);
    EXPECT_NEAR_RELATIVE(value_of(subject, "fisher_rao", "paper"), paper, 1e-12);
}

TEST(Outliers, EndAtTheLargestRatio) {
    const auto gap = [](std::vector<double> values, std::size_t most) { return largest_gap(values, most); };
    EXPECT_EQ(gap({10, 9, 8, 1, 0.9, 0.8}, 5), 3u);
    EXPECT_EQ(gap({10, 9, 8, 1, 0.9, 0.01}, 4), 3u);   // further gaps are not looked at
    EXPECT_EQ(gap({10, 9, 8, 1, 0.9, 0.01}, 5), 5u);
    EXPECT_EQ(gap({5, 4, -1}, 2), 2u);
    EXPECT_THROW(gap({3, 3, 3}, 2), Error);
    EXPECT_THROW(gap({-1, -2}, 1), Error);
}

TEST(Outliers, AreCountedAmongTheLargestEigenvalues) {
    Subject subject = golden(0);
    const std::vector<double> top = array_of(subject, "hessian_top");
    const auto expected = static_cast<double>(largest_gap(top, 4));
    EXPECT_EQ(value_of(subject, "hessian_outliers"), expected);
    EXPECT_EQ(value_of(subject, "hessian_outliers_over_classes"), expected / 2);
    Subject targets = golden(2);
    EXPECT_NE(reason_of(targets, "hessian_outliers").find("classes"), std::string::npos) << reason_of(targets, "hessian_outliers");
}

TEST(EdgeOfStability, IsTheSharpnessOverWhatTheRateCanBear) {
    const auto with = [](const char* optimizer, std::optional<double> rate, Json config) {
        auto model = std::make_shared<model::Model>(test::golden_model(0));
        model->facts.optimizer = optimizer;
        model->facts.learning_rate = rate;
        model->facts.raw = {{"optimizer_config", {{"config", std::move(config)}}}};
        Subject subject = subject_of(model, "cross_entropy");
        subject.set_rows("train", test::golden_data(0));
        return subject;
    };
    const double lambda = known[0].top[0];
    Subject plain = with("SGD", 3.0, {}), heavy = with("SGD", 3.0, {{"momentum", 0.9}}), nesterov = with("SGD", 3.0, {{"momentum", 0.9}, {"nesterov", true}});
    EXPECT_NEAR_RELATIVE(value_of(plain, "edge_of_stability"), lambda * 1.5, ten_digits);
    EXPECT_NEAR_RELATIVE(value_of(heavy, "edge_of_stability"), lambda * 3 / 3.8, ten_digits);
    EXPECT_NEAR_RELATIVE(value_of(nesterov, "edge_of_stability"), lambda * 3 * 2.8 / 3.8, ten_digits);
    Subject adam = with("Adam", 1e-3, {}), silent = with("SGD", std::nullopt, {});
    EXPECT_NE(reason_of(adam, "edge_of_stability").find("Adam"), std::string::npos);
    EXPECT_NE(reason_of(silent, "edge_of_stability").find("learning rate"), std::string::npos);
}

TEST(CurvatureMeasures, HaveTheSameBitsForAnyNumberOfThreads) {
    Builder builder({3});
    builder.dense(3, 40).activation("tanh").dense(40, 3).activation("softmax");
    std::vector<double> x(3 * 300);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = Seed{5}.normal(i);
    std::vector<std::int64_t> labels(300);
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int64_t>(i % 3);
    const auto values = [&](int threads) {
        Context context;
        context.threads = threads;
        Subject subject(builder.build(), {.loss = "cross_entropy", .precision = engine::DType::float32}, context);
        subject.set_rows("train", rows_of(x, {3}, labels));
        std::vector<double> found;
        for (const Row& row : measure_all(subject, parse_requests("curvature"))) {
            EXPECT_TRUE(row.value.ok() || row.measure == &edge_of_stability) << row.measure->name << ": " << row.value.reason;
            if (const double* number = std::get_if<double>(&row.value.value)) found.push_back(*number);
        }
        return found;
    };
    const auto one = values(1);
    EXPECT_GE(one.size(), 8u);
    EXPECT_EQ(one, values(3));
}

}  // namespace
}  // namespace assay::measures
