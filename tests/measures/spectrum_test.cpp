// Measures of eigenvalues against closed forms, and against WeightWatcher's numbers for generated matrices.

#include "libanalysis/measures/ingredients/layer_eigenvalues.hpp"
#include "tests/measures/models.hpp"
#include "tests/support/tolerance.hpp"

namespace assay::measures {
namespace {

using test::Builder;
using test::reason_of;
using test::subject_of;
using test::value_of;

/// Numbers that anyone can generate: 24 bits of a linear congruential generator, centred; exact in single precision.
std::vector<double> generated(std::size_t count) {
    std::uint64_t state = 12345;
    std::vector<double> values;
    for (std::size_t i = 0; i < count; ++i) {
        state = 6364136223846793005ULL * state + 1442695040888963407ULL;
        values.push_back(static_cast<double>(state >> 40) / 16777216.0 - 0.5);
    }
    return values;
}

/// A convolution kernel [size, size, in, out] with the values of an array [out, in, size, size].
std::vector<double> from_channels_first(const std::vector<double>& values, std::size_t out, std::size_t in, std::size_t size) {
    std::vector<double> kernel(values.size());
    for (std::size_t o = 0; o < out; ++o)
        for (std::size_t i = 0; i < in; ++i)
            for (std::size_t p = 0; p < size * size; ++p) kernel[(p * in + i) * out + o] = values[(o * in + i) * size * size + p];
    return kernel;
}

double layer_value(Subject& subject, std::string_view name, const char* convention, const char* layer) { return value_of(subject, name, convention, layer); }

// WeightWatcher 0.7.5.5 on the same arrays.
TEST(Spectrum, OfGeneratedMatricesIsWeightWatchers) {
    struct Case { std::size_t out, in, size; double top, sum, stable_rank, alpha, distance, tail, entropy; };
    for (const Case& c : {Case{120, 80, 0, 31.6085635, 796.1133255, 25.1866342, 5.5602923, 0.1476962, 15, 0.9212592},
                          Case{48, 32, 3, 6.4516159, 574.1608715, 88.9948938, 4.3999428, 0.1190029, 70, 0.9389970},
                          Case{32, 48, 3, 6.6315597, 574.1608715, 86.5800648, 9.3048283, 0.1254526, 22, 0.9412839},
                          Case{32, 48, 2, 6.0413510, 256.2361943, 42.4137237, 16.1290759, 0.1400713, 10, 0.9323827}}) {
        const std::vector<double> values = generated(c.out * c.in * std::max<std::size_t>(1, c.size * c.size));
        EXPECT_NEAR(values[0], -0.39042145, 1e-8);
        Builder builder(c.size ? Shape{6, 6, static_cast<std::int64_t>(c.in)} : Shape{static_cast<std::int64_t>(c.out)});
        const char* layer = c.size ? "conv_1" : "dense_1";
        if (c.size) {
            builder.conv(static_cast<std::int64_t>(c.in), static_cast<std::int64_t>(c.out), static_cast<std::int64_t>(c.size));
            builder.model().weights[0].values = from_channels_first(values, c.out, c.in, c.size);
        } else {
            builder.dense(static_cast<std::int64_t>(c.out), static_cast<std::int64_t>(c.in), true, values);
        }
        Subject subject = subject_of(builder.build());
        EXPECT_NEAR_RELATIVE(layer_value(subject, "alpha", "weightwatcher", layer), c.alpha, 1e-6);
        EXPECT_NEAR_RELATIVE(layer_value(subject, "power_law_distance", "weightwatcher", layer), c.distance, 1e-6);
        EXPECT_EQ(layer_value(subject, "power_law_tail", "weightwatcher", layer), c.tail);
        EXPECT_NEAR_RELATIVE(layer_value(subject, "stable_rank", "weightwatcher", layer), c.stable_rank, 1e-8);
        EXPECT_NEAR_RELATIVE(layer_value(subject, "spectral_entropy", "weightwatcher", layer), c.entropy, 1e-6);
        // WeightWatcher scales convolutions in single precision: 3e-8 of an eigenvalue.
        EXPECT_NEAR(layer_value(subject, "log_spectral_norm", "weightwatcher", layer), std::log10(c.top), 3e-8);
        EXPECT_NEAR(layer_value(subject, "log_norm", "weightwatcher", layer), std::log10(c.sum), 3e-8);
        EXPECT_NEAR_RELATIVE(layer_value(subject, "alpha_weighted", "weightwatcher", layer), c.alpha * std::log10(c.top), 1e-6);
        EXPECT_LT(layer_value(subject, "mp_spikes", "weightwatcher", layer), 1);   // noise
    }
}

/// diag(values) as a dense layer.
Builder diagonal(const std::vector<double>& values) {
    const std::size_t n = values.size();
    std::vector<double> kernel(n * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) kernel[i * n + i] = values[i];
    Builder builder({static_cast<std::int64_t>(n)});
    builder.dense(static_cast<std::int64_t>(n), static_cast<std::int64_t>(n), true, kernel);
    return builder;
}

TEST(Spectrum, OfADiagonalIsKnown) {
    // Eigenvalues are Pareto quantiles with exponent 2.5: the fit takes all of them.
    constexpr std::size_t n = 200;
    std::vector<double> diagonals, eigenvalues;
    for (std::size_t k = 0; k < n; ++k) {
        eigenvalues.push_back(3 * std::pow(1 - (static_cast<double>(k) + 0.5) / n, -1 / 1.5));
        diagonals.push_back(std::sqrt(eigenvalues.back()));
    }
    Subject subject = subject_of(diagonal(diagonals).build());
    double sum = 0, logs = 0;
    for (const double x : eigenvalues) {
        sum += x;
        logs += std::log(x / eigenvalues[0]);
    }
    const double alpha = 1 + n / logs;
    EXPECT_NEAR(alpha, 2.5, 0.02);
    for (const char* convention : {"matrix", "weightwatcher"}) {
        EXPECT_NEAR(value_of(subject, "alpha", convention), 2.5, 0.02) << convention;
        EXPECT_NEAR_RELATIVE(value_of(subject, "log_norm", convention), std::log10(sum), 1e-12);
        EXPECT_EQ(value_of(subject, "matrix_rank", convention), 200);
        EXPECT_NEAR_RELATIVE(value_of(subject, "stable_rank", convention), sum / eigenvalues.back(), 1e-12);
        double entropy = 0;
        for (const double x : eigenvalues) entropy -= x / sum * std::log(x / sum);
        EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_entropy", convention), entropy / std::log(200.0), 1e-7);
    }
    EXPECT_NEAR_RELATIVE(value_of(subject, "alpha", "weightwatcher"), alpha, 1e-9);
    EXPECT_NEAR_RELATIVE(value_of(subject, "power_law_xmin", "weightwatcher"), eigenvalues[0], 1e-9);
    double norm = 0;
    for (const double x : eigenvalues) norm += std::pow(x, alpha);
    EXPECT_NEAR_RELATIVE(value_of(subject, "log_alpha_norm", "weightwatcher"), std::log10(norm), 1e-9);
    for (const Row& row : measure_all(subject, parse_requests("alpha")))
        if (row.value.convention == "weightwatcher") {
            ASSERT_TRUE(row.value.standard_error);
            EXPECT_NEAR_RELATIVE(*row.value.standard_error, (alpha - 1) / std::sqrt(200.0), 1e-9);   // one layer: of the mean as well
        }
}

TEST(Spectrum, OfALargeMatrixIsWhole) {
    // 600 is above what the spectral norm decomposes: diag(1, ..., 600) has a known sum, entropy and rank.
    std::vector<double> values;
    double sum = 0, entropy = 0;
    for (int i = 1; i <= 600; ++i) {
        values.push_back(i);
        sum += static_cast<double>(i) * i;
    }
    for (const double s : values) entropy -= s * s / sum * std::log(s * s / sum);
    values[0] = 1e-9;   // below the Gram matrix's reach
    Subject subject = subject_of(diagonal(values).build());
    EXPECT_EQ(value_of(subject, "matrix_rank", "matrix"), 600);
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_entropy", "matrix"), entropy / std::log(600.0), 1e-6);
    values[0] = 0;
    Subject singular = subject_of(diagonal(values).build());
    EXPECT_EQ(value_of(singular, "matrix_rank", "matrix"), 599);
}

TEST(Spectrum, EqualEigenvaluesHaveNoExponent) {
    Subject subject = subject_of(diagonal(std::vector<double>(30, 1.0)).build());
    EXPECT_NE(reason_of(subject, "alpha", "weightwatcher"), "");
    EXPECT_NE(reason_of(subject, "alpha", "matrix").find("power law"), std::string::npos);
    EXPECT_NEAR_RELATIVE(value_of(subject, "spectral_entropy", "matrix"), 1.0, 1e-14);
    EXPECT_EQ(value_of(subject, "stable_rank", "matrix"), 30);
}

TEST(Spectrum, TheMeanIsOverLayersThatHaveAValue) {
    Builder builder({20});
    builder.dense(20, 20).dense(20, 5).dense(5, 40);
    Subject subject = subject_of(builder.build());
    EXPECT_EQ(value_of(subject, "alpha", "weightwatcher"), value_of(subject, "alpha", "weightwatcher", "dense_1"));   // the others have 5
    EXPECT_TRUE(std::isnan(value_of(subject, "alpha", "weightwatcher", "dense_2")));
    EXPECT_NEAR_RELATIVE(value_of(subject, "stable_rank", "matrix"),
                         (value_of(subject, "stable_rank", "matrix", "dense_1") + value_of(subject, "stable_rank", "matrix", "dense_2") +
                          value_of(subject, "stable_rank", "matrix", "dense_3")) / 3, 1e-14);
}

TEST(OperatorSpectrum, OfAnAveragingConvolutionIsKnown) {
    // All-ones 3x3 kernel, zero padding: T (x) T with T tridiagonal, eigenvalues (1 + 2 cos a)(1 + 2 cos b).
    Builder builder({6, 9, 1});
    builder.conv(1, 1, 3);
    auto& kernel = std::get<std::vector<double>>(builder.model().weights[0].values);
    std::fill(kernel.begin(), kernel.end(), 1.0);
    Subject subject = subject_of(builder.build());
    std::vector<double> expected;
    for (int i = 1; i <= 6; ++i)
        for (int j = 1; j <= 9; ++j) {
            const double s = (1 + 2 * std::cos(M_PI * i / 7)) * (1 + 2 * std::cos(M_PI * j / 10));
            expected.push_back(s * s);
        }
    std::sort(expected.begin(), expected.end());
    const std::vector<double> found = subject.get<ingredients::LayerEigenvalues>({"exact", 0}).ascending;
    ASSERT_EQ(found.size(), expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(found[i], expected[i], 1e-12 * expected.back());
    double sum = 0;
    for (const double x : expected) sum += x;
    EXPECT_NEAR_RELATIVE(value_of(subject, "operator_stable_rank", "exact", "conv_1"), sum / expected.back(), 1e-10);
    EXPECT_NEAR_RELATIVE(value_of(subject, "operator_stable_rank", "circular", "conv_1"), 54 * 9.0 / 81, 1e-10);   // n ||W||_F^2 / 9^2
}

TEST(OperatorSpectrum, OfDenseLayersIsTheMatrixs) {
    Builder builder({25});
    builder.dense(25, 30);
    Subject subject = subject_of(builder.build());
    for (const char* convention : {"exact", "circular"})
        for (const auto& [name, plain] : {std::pair{"operator_alpha", "alpha"}, {"operator_alpha_weighted", "alpha_weighted"},
                                          {"operator_log_alpha_norm", "log_alpha_norm"}, {"operator_entropy", "spectral_entropy"},
                                          {"operator_stable_rank", "stable_rank"}})
            EXPECT_NEAR_RELATIVE(value_of(subject, name, convention), value_of(subject, plain, "matrix"), 1e-12) << name;
}

TEST(OperatorSpectrum, TooLargeAnOperatorIsRefusedInWords) {
    Builder builder({48, 48, 2});
    builder.conv(2, 2, 3);
    Subject subject = subject_of(builder.build());
    EXPECT_NE(reason_of(subject, "operator_alpha", "exact").find("4608 x 4608"), std::string::npos) << reason_of(subject, "operator_alpha", "exact");
    EXPECT_GT(value_of(subject, "operator_alpha", "circular"), 1);
}

}  // namespace
}  // namespace assay::measures
