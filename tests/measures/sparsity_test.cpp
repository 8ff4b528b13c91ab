// Measures of sparsity on networks small enough to follow by hand, and on a bundled one.

#include "formats/format.hpp"
#include "libanalysis/measures/ingredients/masked_accuracies.hpp"
#include "tests/measures/models.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>

namespace assay::measures {
namespace {

using test::Builder;
using test::reason_of;
using test::rows_of;
using test::subject_of;
using test::value_of;

// Two layers of 4 and 2 weights. Magnitudes in order: 0.1, 0.3, 0.3', 2, 5, 7.
std::shared_ptr<const model::Model> two_layers() {
    Builder builder({2});
    builder.dense(2, 2, true, {0.1, -5, 2, -0.3}).dense(2, 1, true, {-0.3, 7});
    return builder.build();
}

void set_init(Subject& subject, std::vector<std::vector<double>> kernels) {
    auto init = std::make_shared<model::Weights>(subject.model().weights);
    (*init)[0].values = std::move(kernels.at(0));
    (*init)[2].values = std::move(kernels.at(1));
    subject.set_weights("init", std::move(init));
}

TEST(LayerDensity, IsTheShareLeftOfEveryMatrixAndItsLeast) {
    Subject subject = subject_of(two_layers());
    EXPECT_EQ(value_of(subject, "smallest_layer_density[sparsity=0]"), 1);
    EXPECT_EQ(value_of(subject, "smallest_layer_density[sparsity=0.5]", "", "dense_1"), 0.5);
    EXPECT_EQ(value_of(subject, "smallest_layer_density[sparsity=0.5]", "", "dense_2"), 0.5);
    EXPECT_EQ(value_of(subject, "smallest_layer_density[sparsity=0.67]"), 0.25);
    EXPECT_EQ(value_of(subject, "smallest_layer_density[sparsity=0.84]"), 0);
    EXPECT_EQ(value_of(subject, "layer_collapse[sparsity=0.67]"), 0);
    EXPECT_EQ(value_of(subject, "layer_collapse[sparsity=0.84]"), 1);
    EXPECT_THROW(value_of(subject, "layer_collapse[sparsity=1.5]"), Error);
}

TEST(LayerDensity, CountsTheZerosThatAFileHas) {
    Builder builder({2});
    builder.dense(2, 2, true, {0, -5, 0, -0.0}).dense(2, 1, true, {-0.3, 7});
    Subject subject = subject_of(builder.build());
    EXPECT_EQ(value_of(subject, "smallest_layer_density[sparsity=0]"), 0.25);
    EXPECT_EQ(value_of(subject, "smallest_layer_density[sparsity=0.5]"), 0.25) << "the three zeros are the smallest already";
}

TEST(EffectiveDensity, LeavesOutWeightsThatLeadNowhere) {
    Builder builder({2});
    // Hidden unit 2 has an input and no output, unit 1 has both; unit 3 has an output and no input.
    builder.dense(2, 3, true, {1, 2, 0, 3, 4, 0}).activation("relu").dense(3, 1, true, {5, 0, 6});
    Subject subject = subject_of(builder.build());
    EXPECT_NEAR_RELATIVE(value_of(subject, "effective_density[sparsity=0]"), 3.0 / 9, 1e-15);
    EXPECT_NEAR_RELATIVE(value_of(subject, "effective_density[sparsity=0]", "", "dense_1"), 2.0 / 6, 1e-15);
    EXPECT_NEAR_RELATIVE(value_of(subject, "effective_density[sparsity=0]", "", "dense_3"), 1.0 / 3, 1e-15);
    EXPECT_EQ(value_of(subject, "effective_density[sparsity=1]"), 0);
}

TEST(EffectiveDensity, NamesTheLayerThroughWhichPathsAreNotKnown) {
    Builder builder({2});
    builder.dense(2, 3).activation("softmax").dense(3, 1);
    Subject subject = subject_of(builder.build());
    EXPECT_NE(reason_of(subject, "effective_density[sparsity=0]").find("activation_2"), std::string::npos) << reason_of(subject, "effective_density[sparsity=0]");
}

TEST(Compression, CountsParametersAndMultiplyAdds) {
    Builder builder({4, 4, 1});
    // 4 weights used 9 times each, 18 weights used once: 36 and 18 multiply-adds.
    builder.conv(1, 1, 2, 1, "valid", false).flatten().dense(9, 2, false);
    auto model = builder.build();
    auto changed = std::make_shared<model::Model>(*model);
    changed->weights[0].values = std::vector<double>{0, 0, 0, 3};
    for (std::size_t k = 0; k < 6; ++k) std::get<std::vector<double>>(changed->weights[1].values)[k] = 0;
    Subject subject = subject_of(changed);
    EXPECT_NEAR_RELATIVE(value_of(subject, "compression_ratio[sparsity=0]"), 22.0 / 13, 1e-15);
    EXPECT_NEAR_RELATIVE(value_of(subject, "theoretical_speedup[sparsity=0]"), 54.0 / (9 + 12), 1e-15);
    EXPECT_EQ(reason_of(subject, "theoretical_speedup[sparsity=1]"), "no multiply-adds are left");
    EXPECT_EQ(reason_of(subject, "compression_ratio[sparsity=1]"), "no parameter is left");
    Subject dense = subject_of(model);
    EXPECT_EQ(value_of(dense, "theoretical_speedup[sparsity=0]"), 1);
    EXPECT_EQ(value_of(dense, "compression_ratio[sparsity=0]"), 1);
}

TEST(Compression, TakesBiasesAndNormalisationParametersIntoAccountButNoMovingStatistics) {
    Builder builder({3});
    builder.dense(3, 2, true, {1, 0, 0, 2, 0, 3}).normalisation(2);
    Subject subject = subject_of(builder.build());
    EXPECT_NEAR_RELATIVE(value_of(subject, "compression_ratio[sparsity=0]"), 12.0 / 9, 1e-15);
}

TEST(MaskOverlap, IsThatOfTheTwoMasks) {
    Subject subject = subject_of(two_layers());
    EXPECT_EQ(reason_of(subject, "mask_overlap", "jaccard"), "needs initial weights");
    // Half of six stay: after training -5, 2 and 7, before it the first of each kernel and the 9.
    set_init(subject, {{4, -3, 0.2, 0.1}, {-0.1, 9}});
    EXPECT_EQ(value_of(subject, "mask_overlap[sparsity=0.5]", "jaccard"), 2.0 / 4);
    EXPECT_EQ(value_of(subject, "mask_overlap[sparsity=0.5]", "jaccard", "dense_1"), 1.0 / 3);
    EXPECT_EQ(value_of(subject, "mask_overlap[sparsity=0.5]", "jaccard", "dense_2"), 1);
    EXPECT_NEAR_RELATIVE(value_of(subject, "mask_overlap[sparsity=0.5]", "chance"), 1.0 / 3, 1e-15);   // (1 - s) / (1 + s)
    EXPECT_NEAR_RELATIVE(value_of(subject, "mask_overlap[sparsity=0.5]", "early_bird"), 2.0 / 6, 1e-15);
    set_init(subject, {subject.model().weights[0].to_double(), subject.model().weights[2].to_double()});
    EXPECT_EQ(value_of(subject, "mask_overlap[sparsity=0.5]", "jaccard"), 1);
    EXPECT_EQ(value_of(subject, "mask_overlap[sparsity=0.5]", "early_bird"), 0);
    EXPECT_EQ(reason_of(subject, "mask_overlap[sparsity=1]", "jaccard"), "nothing to compare");
}

TEST(MaskOverlap, OfIndependentWeightsIsAtChance) {
    Builder one({100}, 1), other({100}, 2);
    one.dense(100, 200, true);
    other.dense(100, 200, true);
    Subject subject = subject_of(one.build());
    subject.set_weights("init", std::make_shared<model::Weights>(other.build()->weights));
    for (const char* sparsity : {"0.8", "0.95"}) {
        const std::string request = std::string("mask_overlap[sparsity=") + sparsity + "]";
        const double s = std::stod(sparsity), chance = value_of(subject, request, "chance");
        EXPECT_NEAR_RELATIVE(chance, (1 - s) / (1 + s), 1e-12);
        // The overlap of two such masks is hypergeometric: within five of its standard deviations.
        const double n = 20000, p = 1 - s, both = n * p * p, deviation = std::sqrt(n * p * p * s * s);
        EXPECT_NEAR(value_of(subject, request, "jaccard"), chance, 5 * deviation / (2 * n * p - both) * (1 + chance));
    }
    EXPECT_NEAR(value_of(subject, "sign_agreement[sparsity=0]"), 0.5, 5 * 0.5 / std::sqrt(20000.0));
    EXPECT_NEAR(value_of(subject, "magnitude_correlation"), 0, 5 / std::sqrt(20000.0));
}

TEST(SignAgreement, IsThatOfTheWeightsThatSurvive) {
    Subject subject = subject_of(two_layers());
    set_init(subject, {{1, -1, -1, 0}, {-1, 1}});   // final: 0.1 -5 2 -0.3 and -0.3 7
    EXPECT_EQ(value_of(subject, "sign_agreement[sparsity=0]"), 4.0 / 6);
    EXPECT_EQ(value_of(subject, "sign_agreement[sparsity=0]", "", "dense_1"), 2.0 / 4);
    EXPECT_EQ(value_of(subject, "sign_agreement[sparsity=0.5]"), 2.0 / 3);
    EXPECT_EQ(value_of(subject, "sign_agreement[sparsity=0.67]"), 1);
    EXPECT_EQ(reason_of(subject, "sign_agreement[sparsity=1]"), "nothing to compare");
}

TEST(MagnitudeCorrelation, IsPearsonsOverAllWeights) {
    Subject subject = subject_of(two_layers());
    set_init(subject, {{0.3, 15, -6, 0.9}, {0.9, -21}});   // three times as large, signs aside
    EXPECT_NEAR_RELATIVE(value_of(subject, "magnitude_correlation"), 1, 1e-14);
    set_init(subject, {{-1, 2, 3, 4}, {5, -6}});
    const double x[] = {1, 2, 3, 4, 5, 6}, y[] = {0.1, 5, 2, 0.3, 0.3, 7};
    double sx = 0, sy = 0, sxx = 0, syy = 0, sxy = 0;
    for (int i = 0; i < 6; ++i) sx += x[i], sy += y[i], sxx += x[i] * x[i], syy += y[i] * y[i], sxy += x[i] * y[i];
    EXPECT_NEAR_RELATIVE(value_of(subject, "magnitude_correlation"), (6 * sxy - sx * sy) / std::sqrt((6 * sxx - sx * sx) * (6 * syy - sy * sy)), 1e-12);
    set_init(subject, {{1, 1, 1, 1}, {1, 1}});
    EXPECT_EQ(reason_of(subject, "magnitude_correlation"), "nothing to compare");
}

std::vector<double> curve_of(Subject& subject, const std::string& convention) {
    for (const Row& row : measure_all(subject, parse_requests("masked_accuracy_curve")))
        if (row.value.convention == convention && row.value.ok()) return std::get<std::vector<double>>(row.value.value);
    return {};
}

TEST(AccuracyCurve, IsMaskedAccuracyAtEverySparsity) {
    Builder builder({2});
    builder.dense(2, 2, false, {1, 0.1, 0.2, 2});
    Subject subject = subject_of(builder.build(), "cross_entropy");
    subject.set_rows("train", rows_of({3, 2, /**/ 1.9, 1, /**/ 2, 0.99, /**/ -1, -0.51}, {2}, {1, 1, 1, 0}));
    const auto& sparsities = ingredients::MaskedAccuracies::sparsities;
    const std::vector<double> curve = curve_of(subject, "magnitude");
    ASSERT_EQ(curve.size(), sparsities.size());
    double area = 0;
    for (std::size_t i = 0; i < curve.size(); ++i) {
        EXPECT_EQ(curve[i], value_of(subject, "masked_accuracy[sparsity=" + std::to_string(sparsities[i]) + "]")) << sparsities[i];
        if (i > 0) area += (sparsities[i] - sparsities[i - 1]) * (curve[i] + curve[i - 1]) / 2;
    }
    EXPECT_NEAR_RELATIVE(value_of(subject, "masked_accuracy_area", "magnitude"), area, 1e-14);
    EXPECT_EQ(curve.front(), 0.75);
    EXPECT_EQ(curve.back(), 0.25);
}

TEST(AccuracyCurve, FallsWhereItHasLostAPoint) {
    Builder builder({1});
    builder.dense(1, 2, true, {1, 3});
    auto model = std::make_shared<model::Model>(*builder.build());
    model->weights[1].values = std::vector<double>{0.5, 0};   // biases: class 0 where both weights are gone
    Subject subject = subject_of(model, "cross_entropy");
    subject.set_rows("train", rows_of({1, 2}, {1}, {1, 1}));
    // Class 1 wins with both weights and with the larger alone; all wrong when both are gone, at sparsity 1 only.
    const std::vector<double> curve = curve_of(subject, "magnitude");
    EXPECT_EQ(curve[curve.size() - 2], 1);
    EXPECT_EQ(curve.back(), 0);
    EXPECT_NEAR_RELATIVE(value_of(subject, "sparsity_at_one_point", "magnitude"), 0.99 + 0.01 * 0.01, 1e-12);
    subject.set_rows("train", rows_of({-1, -2}, {1}, {0, 0}));   // class 0 whatever goes
    subject.forget("masked_accuracies");
    subject.forget("labels");
    EXPECT_EQ(value_of(subject, "sparsity_at_one_point", "magnitude"), 1);
}

TEST(AccuracyCurve, OfABundledNetworkStaysLongerByMagnitudeThanAtRandom) {
    const auto zoo = test::source_folder() / "examples/mnist-grid";
    const auto model = std::make_shared<const model::Model>(formats::load_model(zoo / "grid_0034.h5"));
    const data::Dataset dataset = formats::open_dataset(zoo / "data.h5");
    Subject subject = subject_of(model, "", engine::DType::float32);
    subject.set_rows("train", {dataset.train, data::first_rows(*dataset.train, 500), {.scale = 1.0 / 255}});
    const std::vector<double> magnitude = curve_of(subject, "magnitude"), random = curve_of(subject, "random");
    ASSERT_EQ(magnitude.size(), random.size());
    EXPECT_EQ(magnitude.front(), random.front());
    EXPECT_EQ(magnitude.front(), value_of(subject, "train_accuracy"));
    EXPECT_EQ(magnitude.back(), random.back());
    for (std::size_t i = 4; i + 1 < magnitude.size(); ++i) EXPECT_GT(magnitude[i], random[i]) << i;
    EXPECT_GT(value_of(subject, "masked_accuracy_area", "magnitude"), value_of(subject, "masked_accuracy_area", "random") + 0.2);
    EXPECT_GT(value_of(subject, "sparsity_at_one_point", "magnitude"), 0.8);
    EXPECT_LT(value_of(subject, "sparsity_at_one_point", "random"), 0.2);
}

}  // namespace
}  // namespace assay::measures
