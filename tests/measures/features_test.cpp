// Features of predictors against closed forms and direct computations.

#include "libanalysis/measures/features/statistics.hpp"
#include "libanalysis/measures/run.hpp"
#include "tests/measures/models.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>

namespace assay::measures {
namespace {

using test::Builder;

const std::vector<double>& array_of(const std::vector<Value>& values, std::string_view convention) {
    for (const Value& value : values)
        if (value.convention == convention) return std::get<std::vector<double>>(value.value);
    throw std::runtime_error("no such convention");
}

std::vector<Value> measured(const std::string& name, std::shared_ptr<const model::Model> model) {
    Subject subject(std::move(model), {.loss = "cross_entropy"}, Context{});
    const Request request = parse_requests(name).front();
    return request.measure->compute(subject, request.parameters);
}

TEST(Seven, AreThoseOfNumpy) {
    // numpy: percentile([4, 1, 3, 10], [0, 25, 50, 75, 100]) = 1, 2.5, 3.5, 5.5, 10; mean 4.5; std 3.354101966249685
    const std::vector<double> expected{1, 2.5, 3.5, 5.5, 10, 4.5, 3.354101966249685}, found = features::seven({4, 1, 3, 10});
    for (std::size_t i = 0; i < 7; ++i) EXPECT_NEAR(found[i], expected[i], 1e-14);
}

TEST(WeightStatistics, GoThroughTheTensorsInModelOrderAndPool) {
    Builder builder({2});
    builder.dense(2, 2, true, {1, 2, 3, 4}).dense(2, 1, false, {-1, 5});
    std::get<std::vector<double>>(builder.model().weights[1].values) = {0, 8};
    const auto values = measured("weight_statistics", builder.build());
    const std::vector<double>& all = array_of(values, "positional");
    ASSERT_EQ(all.size(), 21u);
    EXPECT_EQ(all[0], 1);     // smallest of the first kernel
    EXPECT_EQ(all[7 + 4], 8); // largest of its bias
    EXPECT_EQ(all[14 + 5], 2);   // mean of the last kernel
    const std::vector<double>& pooled = array_of(values, "pooled");
    ASSERT_EQ(pooled.size(), 21u);
    EXPECT_EQ(pooled[0], -1);                     // minimum of the minima
    EXPECT_EQ(pooled[1], (1 + 0 - 1) / 3.0);      // their mean
    EXPECT_EQ(pooled[2], 1);
}

TEST(SpectrumStatistics, OfADiagonalMatrix) {
    Builder builder({3});
    builder.dense(3, 3, false, {4, 0, 0, 0, 2, 0, 0, 0, 1});
    const auto values = measured("spectrum_statistics", builder.build());
    const std::vector<double>& found = array_of(values, "positional");
    EXPECT_NEAR(found[0], std::log(4.0), 1e-10);
    EXPECT_NEAR(found[1], 0, 1e-10);
    EXPECT_NEAR(found[2], std::log(2.0), 1e-10);
    EXPECT_NEAR(found[3], 21.0 / 16, 1e-10);
    EXPECT_NEAR(found[4], -(4 * std::log(4.0 / 7) + 2 * std::log(2.0 / 7) + std::log(1.0 / 7)) / 7, 1e-10);
}

TEST(FilterNorms, OfAKernelWithTaps) {
    Builder builder({4, 4, 1});
    builder.conv(1, 2, 3);
    auto& kernel = std::get<std::vector<double>>(builder.model().weights[0].values);
    for (std::size_t i = 0; i < kernel.size(); ++i) kernel[i] = i % 2 == 0 ? 1 : 2;   // unit 0 all ones, unit 1 all twos
    const auto values = measured("filter_norms", builder.build());
    const std::vector<double>& found = array_of(values, "positional");
    EXPECT_NEAR(found[0], std::log(3.0), 1e-10);
    EXPECT_NEAR(found[4], std::log(6.0), 1e-10);
    EXPECT_NEAR(found[5], std::log(std::sqrt(45.0)), 1e-10);   // the one input
}

TEST(LayerProducts, SumTapsAndCells) {
    // A convolution of 2 channels, flattened from 2 x 2 cells, before a Dense layer: its rows are summed over the cells.
    Builder builder({2, 2, 1});
    builder.conv(1, 2, 1).flatten().dense(8, 1, false, {1, 10, 2, 20, 3, 30, 4, 40});
    std::get<std::vector<double>>(builder.model().weights[0].values) = {3, 0.5};
    const auto values = measured("layer_products", builder.build());
    const std::vector<double>& found = array_of(values, "positional");
    const double product = 3 * 10 + 0.5 * 100;   // [3, .5] times [10, 100]
    EXPECT_NEAR(found[0], std::log(product), 1e-9);
    EXPECT_NEAR(found[5], std::log(product) - std::log(std::sqrt(9.25)) - std::log(std::sqrt(10100.0)), 1e-9);
}

TEST(SyntheticResponses, AreTheSameEveryTimeAndKnowADeadNetwork) {
    Builder live({8, 8, 1}, 5);
    live.conv(1, 4, 3).activation("relu").flatten().dense(256, 3);
    const auto first = measured("synthetic_responses", live.build()), second = measured("synthetic_responses", live.build());
    const std::vector<double>& alive = array_of(first, "positional");
    EXPECT_EQ(alive, array_of(second, "positional"));
    // Two kinds of inputs, 14 numbers of the outputs and 9 of the one activation each.
    ASSERT_EQ(alive.size(), 2u * (14 + 9));
    ASSERT_EQ(array_of(first, "pooled").size(), 2u * (14 + 27));
    EXPECT_EQ(alive[14 + 5], 0);   // no unit is dead
    Builder dead = live;
    auto& bias = std::get<std::vector<double>>(dead.model().weights[1].values);
    std::fill(bias.begin(), bias.end(), -1e6);
    const auto silent = measured("synthetic_responses", dead.build());
    const std::vector<double>& found = array_of(silent, "positional");
    EXPECT_EQ(found[14 + 5], 1);              // all units are dead
    EXPECT_EQ(found[14 + 6], 0);              // none is positive
    EXPECT_EQ(found[3], 1);                   // one answer for all
    EXPECT_NEAR(found[0], found[1], 1e-12);   // the mean answer is every answer
    EXPECT_NEAR(found[5], std::log(1e-6), 1e-3);
}

TEST(DataResponses, AreThoseOfTheTestInputsWhateverTheirLabels) {
    // One dense layer of two inputs: z = x W, W = [[1, 0, -1], [0, 2, 0]].
    Builder builder({2});
    builder.dense(2, 3, false, {1, 0, -1, 0, 2, 0});
    const std::vector<double> x{1, 0, 0, 1, -1, 0.5, 2, -1};
    const auto responses_to = [&](std::vector<std::int64_t> labels) {
        Subject subject(builder.build(), {.loss = "cross_entropy"}, Context{});
        const auto split = data::make_split(x, {2}, std::move(labels));
        subject.set_rows("test", {split, data::all_rows(*split), {}});
        const Request request = parse_requests("data_responses").front();
        return request.measure->compute(subject, request.parameters);
    };
    const std::vector<Value> values = responses_to({0, 1, 2, 0});
    const std::vector<double>& found = array_of(values, "positional");
    double entropy = 0, confidence = 0;
    for (std::size_t n = 0; n < 4; ++n) {
        const double z[] = {x[2 * n], 2 * x[2 * n + 1], -x[2 * n]};
        const double total = std::exp(z[0]) + std::exp(z[1]) + std::exp(z[2]);
        double largest = 0;
        for (const double value : z) {
            entropy -= std::exp(value) / total * std::log(std::exp(value) / total) / 4;
            largest = std::max(largest, std::exp(value) / total);
        }
        confidence += largest / 4;
    }
    EXPECT_NEAR(found[0], entropy, 1e-6);
    EXPECT_NEAR(found[4], confidence, 1e-6);
    EXPECT_NEAR(found[3], 0.5, 1e-12);   // answers 0, 1, tie of 1 and 2 (the first), 0
    const std::vector<Value> relabelled = responses_to({1, 1, 1, 1});
    EXPECT_EQ(found, array_of(relabelled, "positional"));
    const Request request = parse_requests("data_responses").front();
    EXPECT_FALSE(has(request.measure->needs, Need::test_labels));
    Subject without(builder.build(), {.loss = "cross_entropy"}, Context{});
    EXPECT_EQ(lacking(without, *request.measure), "needs test data");
}

TEST(Features, ANetworkWithNaNHasAReason) {
    Builder builder({2});
    builder.dense(2, 2, false, {1, std::nan(""), 3, 4});
    for (const Value& value : measured("weight_statistics", builder.build())) EXPECT_FALSE(value.ok());
    EXPECT_NE(measured("weight_statistics", builder.build())[0].reason.find("not finite"), std::string::npos);
}

}  // namespace
}  // namespace assay::measures
