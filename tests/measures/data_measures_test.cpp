// Accuracy, loss, margins and masks on networks small enough to follow by hand.

#include "libanalysis/measures/ingredients/margins.hpp"
#include "libanalysis/measures/sparsity/magnitude_mask.hpp"
#include "libanalysis/measures/values.hpp"
#include "tests/measures/models.hpp"
#include "tests/support/tolerance.hpp"

namespace assay::measures {
namespace {

using test::Builder;
using test::reason_of;
using test::rows_of;
using test::subject_of;
using test::value_of;

// Identity of two inputs: the outputs are the inputs.
std::shared_ptr<const model::Model> identity(const char* last = nullptr) {
    Builder builder({2});
    builder.dense(2, 2, false, {1, 0, 0, 1});
    if (last) builder.activation(last);
    return builder.build();
}

Subject labelled(std::shared_ptr<const model::Model> model) {
    Subject subject = subject_of(std::move(model), "cross_entropy");
    // Margins 2, -1, 0 (a tie that the lower class wins), 3, 1e-7 (a near-tie).
    subject.set_rows("train", rows_of({2, 0, /**/ 1, 0, /**/ 1, 1, /**/ 0, 3, /**/ 1e-7, 0}, {2}, {0, 1, 1, 1, 0}));
    subject.set_rows("test", rows_of({1, 0, /**/ 0, 1}, {2}, {0, 0}));
    return subject;
}

TEST(Accuracy, GivesTiesToTheLowestClassAndCountsNearTies) {
    for (const char* last : {static_cast<const char*>(nullptr), "softmax"}) {
        Subject subject = labelled(identity(last));
        EXPECT_EQ(value_of(subject, "train_accuracy"), 3.0 / 5);
        EXPECT_EQ(value_of(subject, "test_accuracy"), 0.5);
        EXPECT_EQ(value_of(subject, "generalization_gap"), 3.0 / 5 - 0.5);
        EXPECT_EQ(value_of(subject, "train_near_ties"), 2);
        EXPECT_EQ(value_of(subject, "test_near_ties"), 0);
    }
}

TEST(Loss, IsTheMeanCrossEntropy) {
    const auto softplus = [](double x) { return std::log1p(std::exp(x)); };
    const double expected = (softplus(-2) + softplus(1) + softplus(0) + softplus(-3) + softplus(-1e-7)) / 5;
    for (const char* last : {static_cast<const char*>(nullptr), "softmax"}) {
        Subject subject = labelled(identity(last));
        EXPECT_NEAR_RELATIVE(value_of(subject, "train_loss"), expected, 1e-12);
    }
}

TEST(ClippedLoss, ClipsEveryProbabilityBeforeItsLogarithm) {
    const auto clipped = [](double z) { return -std::log(std::min(std::max(1 / (1 + std::exp(z)), 0.1), 0.9)); };   // p = 1 / (1 + e^z)
    const double expected = (clipped(-2) + clipped(1) + clipped(0) + clipped(-3) + clipped(-1e-7)) / 5;
    Subject subject = labelled(identity());
    EXPECT_NEAR_RELATIVE(value_of(subject, "train_loss_clipped[clip=0.1]"), expected, 1e-12);
    EXPECT_NEAR_RELATIVE(value_of(subject, "train_loss_clipped[clip=0]"), value_of(subject, "train_loss"), 1e-15);
    EXPECT_THROW(value_of(subject, "train_loss_clipped[clip=0.5]"), Error);
}

TEST(Loss, NamesItsObjective) {
    Subject subject = labelled(identity());
    for (const Row& row : measure_all(subject, parse_requests("train_loss")))
        EXPECT_EQ(row.value.objective, "cross_entropy, mean, no regulariser, BatchNormalization inference");
}

TEST(Samples, GiveMeansTheirStandardErrors) {
    Subject subject(identity(), {.loss = "cross_entropy", .precision = engine::DType::float64, .sampled = true}, Context{});
    // Three of four right; the losses are ln 2 four times.
    subject.set_rows("train", rows_of({0, 0, /**/ 0, 0, /**/ 0, 0, /**/ 0, 0}, {2}, {0, 0, 0, 1}));
    for (const Row& row : measure_all(subject, parse_requests("train_accuracy,train_loss"))) {
        ASSERT_TRUE(row.value.standard_error.has_value());
        EXPECT_NEAR(*row.value.standard_error, row.measure == &train_accuracy ? std::sqrt(0.75 * 0.25 / 4) : 0, 1e-15);
    }
    for (const Row& row : measure_all(subject, parse_requests("depth"))) EXPECT_FALSE(row.value.standard_error.has_value());
}

TEST(Confidence, AndEntropyAreThoseOfTheSoftmax) {
    Subject subject = subject_of(identity(), "cross_entropy");
    subject.set_rows("train", rows_of({std::log(3.0), 0, /**/ 0, 0}, {2}, {0, 1}));
    EXPECT_NEAR_RELATIVE(value_of(subject, "mean_confidence"), (0.75 + 0.5) / 2, 1e-14);
    const double entropy = -(0.75 * std::log(0.75) + 0.25 * std::log(0.25));
    EXPECT_NEAR_RELATIVE(value_of(subject, "prediction_entropy"), (entropy + std::log(2.0)) / 2, 1e-14);
}

TEST(Margins, HaveTwoKindsOfQuantile) {
    const std::vector<double> sorted{-1, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    EXPECT_EQ(ingredients::interpolated_quantile(sorted, 0.25), 2.5);
    EXPECT_EQ(ingredients::kth_quantile(sorted, 0.1), -1);   // floor(1.1) = 1st
    EXPECT_EQ(ingredients::kth_quantile(sorted, 0.5), 4);    // floor(5.5) = 5th
    EXPECT_EQ(ingredients::interpolated_quantile(sorted, 1), 10);
    Subject subject = labelled(identity());
    EXPECT_NEAR_RELATIVE(value_of(subject, "margin_quantile[quantile=0.5]", "exact"), 1e-7, 1e-9);
    EXPECT_EQ(value_of(subject, "margin_quantile[quantile=0.25]", "dziugaite"), -1);   // the first of five
    EXPECT_NE(reason_of(subject, "margin_quantile[quantile=0.1]", "dziugaite"), "");   // floor(0.5) = 0
}

TEST(InverseMargin, IsRefusedWhereTheExactMarginIsNotPositive) {
    Subject subject = subject_of(identity(), "cross_entropy");
    std::vector<double> inputs;
    for (int i = 1; i <= 20; ++i) inputs.insert(inputs.end(), {i * 0.5 - 1.0, 0.0});   // margins -0.5, 0, 0.5, 1, ...
    subject.set_rows("train", rows_of(inputs, {2}, std::vector<std::int64_t>(20, 0)));
    EXPECT_NEAR_RELATIVE(value_of(subject, "inverse_margin", "exact"), 1 / (0.45 * 0.45), 1e-12);   // position 1.9
    EXPECT_NE(reason_of(subject, "inverse_margin", "dziugaite").find("0"), std::string::npos);      // the second margin is 0
}

TEST(NormsOverMargin, AddTheLogarithmOfTheInverseMargin) {
    Builder builder({2});
    builder.dense(2, 2, false, {3, 0, 0, 1});
    Subject subject = subject_of(builder.build(), "cross_entropy");
    std::vector<double> inputs;
    for (int i = 1; i <= 20; ++i) inputs.insert(inputs.end(), {static_cast<double>(i), 0.0});   // margins 3 i
    subject.set_rows("train", rows_of(inputs, {2}, std::vector<std::int64_t>(20, 0)));
    const double gamma = 6, exact = 3 * 2.9;
    EXPECT_NEAR_RELATIVE(value_of(subject, "log_prod_of_spec_over_margin", "dziugaite"), std::log(9 / (gamma * gamma)), 1e-12);
    EXPECT_NEAR_RELATIVE(value_of(subject, "log_prod_of_spec_over_margin", "exact"), std::log(9 / (exact * exact)), 1e-12);
    EXPECT_NEAR_RELATIVE(value_of(subject, "log_prod_of_fro_over_margin", "dziugaite"), std::log(10 / (gamma * gamma)), 1e-12);
    EXPECT_NEAR_RELATIVE(value_of(subject, "log_spec_orig_main", "dziugaite"), std::log(9 / (gamma * gamma) * 10 / 9), 1e-12);
    EXPECT_NEAR_RELATIVE(value_of(subject, "path_norm_over_margin", "dziugaite"), 10 / (gamma * gamma), 1e-12);
    auto init = std::make_shared<model::Weights>(builder.model().weights);
    std::get<std::vector<double>>((*init)[0].values) = {1, 0, 0, 1};
    subject.set_weights("init", init);
    EXPECT_NEAR_RELATIVE(value_of(subject, "log_spec_init_main", "dziugaite"), std::log(9 / (gamma * gamma) * 4 / 9), 1e-12);
}

TEST(MagnitudeMask, TakesTheSmallestWeightsOfTheWholeNetwork) {
    Builder builder({2});
    builder.dense(2, 2, true, {0.1, -5, 2, -0.3}).dense(2, 1, true, {-0.3, 7});
    const auto model = builder.build();
    const model::Weights masked = masked_by_magnitude(*model, 0.5);
    EXPECT_EQ(masked[0].to_double(), (std::vector<double>{0, -5, 2, 0}));
    EXPECT_EQ(masked[2].to_double(), (std::vector<double>{0, 7}));
    EXPECT_EQ(masked[1].to_double(), model->weights[1].to_double());   // biases stay
    // Two of six: one of the two equal magnitudes goes, the first.
    const model::Weights fewer = masked_by_magnitude(*model, 0.34);
    EXPECT_EQ(fewer[0].to_double(), (std::vector<double>{0, -5, 2, 0}));
    EXPECT_EQ(fewer[2].to_double(), (std::vector<double>{-0.3, 7}));
    EXPECT_EQ(masked_by_magnitude(*model, 0)[0].to_double(), model->weights[0].to_double());
    EXPECT_EQ(masked_by_magnitude(*model, 1)[2].to_double(), (std::vector<double>{0, 0}));
}

TEST(MaskedAccuracy, IsThatOfTheMaskedNetwork) {
    Builder builder({2});
    builder.dense(2, 2, false, {1, 0.1, 0.2, 2});   // at one half: diag(1, 2)
    Subject subject = subject_of(builder.build(), "cross_entropy");
    // x = (3, 2): (3.4, 4.3) -> class 1; masked (3, 4) -> 1. x = (1.9, 1): (2.1, 2.19) -> 1; masked (1.9, 2) -> 1. x = (2, 0.99): (2.198, 2.18) -> 0; masked (2, 1.98) -> 0.
    // x = (10, 4.9): (10.98, 10.8) -> 0; masked (10, 9.8) -> 0; x = (1, 0.45): masked (1, 0.9) -> 0. x = (-1, -0.51): (-1.102, -1.12) -> 0; masked (-1, -1.02) -> 0.
    subject.set_rows("train", rows_of({3, 2, /**/ 1.9, 1, /**/ 2, 0.99, /**/ -1, -0.51}, {2}, {1, 1, 1, 0}));
    EXPECT_EQ(value_of(subject, "masked_accuracy[sparsity=0.5]"), 0.75);
    EXPECT_EQ(value_of(subject, "masked_accuracy[sparsity=1]"), 0.25);   // all outputs equal: class 0
}

TEST(Outputs, ThatAreNotFiniteGiveAReasonInsteadOfAnAccuracy) {
    Builder builder({2});
    builder.dense(2, 2, false, {1e200, 0, 0, 1}).dense(2, 2, false, {1e200, 0, 0, 1});
    Subject subject = labelled(builder.build());
    EXPECT_NE(reason_of(subject, "train_accuracy").find("non-finite outputs"), std::string::npos) << reason_of(subject, "train_accuracy");
    EXPECT_NE(reason_of(subject, "train_loss").find("non-finite outputs"), std::string::npos);
}

TEST(Labels, OutsideTheClassesAreRefused) {
    Subject subject = subject_of(identity(), "cross_entropy");
    subject.set_rows("train", rows_of({1, 0}, {2}, {2}));
    EXPECT_NE(reason_of(subject, "train_accuracy").find("classes 0 to 1"), std::string::npos);
}

TEST(Runner, ForgetsIngredientsAfterTheirLastUse) {
    Subject subject = labelled(identity());
    std::size_t during = 0;
    measure_all(subject, parse_requests("train_accuracy,margin_quantile,spectral_norm"), [&](const measures::Row&) { during = std::max(during, subject.memo_bytes()); });
    EXPECT_GT(during, 0u);
    EXPECT_EQ(subject.memo_bytes(), 0u);
}

TEST(Runner, StopsWhenAsked) {
    std::stop_source source;
    source.request_stop();
    Context context;
    context.stop = source.get_token();
    Subject subject(identity(), {}, context);
    EXPECT_THROW(measure_all(subject, parse_requests("all")), Error);
}

// A device that broke or is full says nothing of the model: the next run must not find a reason in the store and be content with it.
TEST(Runner, TakesNoBrokenDeviceForAReason) {
    const auto measured = [](std::vector<Value> (*compute)(Subject&, const Parameters&)) {
        const Measure measure{.name = "fake", .compute = compute};
        Subject subject = labelled(identity());
        return measure_all(subject, std::vector<Request>{{&measure, {}}});
    };
    EXPECT_THROW(measured([](Subject&, const Parameters&) -> std::vector<Value> { throw DeviceMemoryError({"memory of cuda:0", "", "none left"}); }), DeviceMemoryError);
    EXPECT_THROW(measured([](Subject&, const Parameters&) -> std::vector<Value> { throw Error(ErrorKind::unavailable, {"kernel launch", "", "launch failure"}); }), Error);
    EXPECT_THROW(measured([](Subject&, const Parameters&) -> std::vector<Value> { return {attempt("", []() -> double { throw DeviceMemoryError({"", "", "full"}); })}; }),
                 DeviceMemoryError);
    const auto rows = measured([](Subject&, const Parameters&) -> std::vector<Value> { throw Error(ErrorKind::resource, {"", "", "the basis does not fit"}); });
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows.front().value.reason, "the basis does not fit") << "memory that was asked for is the request's own";
}

TEST(Runner, EveryMeasureIsFiniteOrHasAReason) {
    Builder convolution({6, 6, 1});
    convolution.conv(1, 2, 3).normalisation(2).activation("relu").flatten().dense(72, 2).activation("softmax");
    Subject subject = subject_of(convolution.build(), "cross_entropy", engine::DType::float32);
    std::vector<double> pixels(36 * 40);
    for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = Seed{4}.uniform(i);
    std::vector<std::int64_t> labels(40);
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = static_cast<std::int64_t>(i % 2);
    subject.set_rows("train", rows_of(pixels, {6, 6, 1}, labels));
    subject.set_rows("test", rows_of(pixels, {6, 6, 1}, labels));
    subject.set_weights("init", std::make_shared<model::Weights>(convolution.model().weights));
    std::map<std::string_view, int> values;
    std::string everything = "all";
    for (const Measure* measure : catalogue()) everything += "," + std::string(measure->name);
    for (const Row& row : measure_all(subject, parse_requests(everything))) {
        const double* number = std::get_if<double>(&row.value.value);
        const auto* array = std::get_if<std::vector<double>>(&row.value.value);
        const auto finite = [](double x) { return std::isfinite(x); };
        EXPECT_TRUE(number ? finite(*number) : array ? std::all_of(array->begin(), array->end(), finite) : !row.value.reason.empty()) << row.measure->name;
        ++values[row.measure->name];
    }
    EXPECT_EQ(values.size(), catalogue().size());
}

}  // namespace
}  // namespace assay::measures
