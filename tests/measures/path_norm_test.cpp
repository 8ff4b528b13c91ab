#include "tests/measures/models.hpp"
#include "tests/support/tolerance.hpp"

namespace assay::measures {
namespace {

using test::Builder;
using test::reason_of;
using test::subject_of;
using test::value_of;

double squared(const model::Model& model, std::size_t parameter, std::size_t index) {
    const double w = model.weights[parameter].at(index);
    return w * w;
}

TEST(PathNorm, EqualsTheSumOverAllPaths) {
    // Inputs 3, hidden 4, outputs 2: every path from an input or a bias to an output, one by one.
    Builder builder({3});
    builder.dense(3, 4).activation("tanh").dense(4, 2);
    const auto model = builder.build();
    double paths = 0;
    for (std::size_t o = 0; o < 2; ++o) {
        for (std::size_t h = 0; h < 4; ++h) {
            for (std::size_t i = 0; i < 3; ++i) paths += squared(*model, 0, i * 4 + h) * squared(*model, 2, h * 2 + o);
            paths += squared(*model, 1, h) * squared(*model, 2, h * 2 + o);
        }
        paths += squared(*model, 3, o);
    }
    Subject subject = subject_of(model);
    EXPECT_NEAR_RELATIVE(value_of(subject, "path_norm", "exact"), paths, 1e-13);
    // Activations kept: tanh of the hidden sums.
    double kept = 0;
    for (std::size_t o = 0; o < 2; ++o) {
        for (std::size_t h = 0; h < 4; ++h) {
            double sum = squared(*model, 1, h);
            for (std::size_t i = 0; i < 3; ++i) sum += squared(*model, 0, i * 4 + h);
            kept += std::tanh(sum) * squared(*model, 2, h * 2 + o);
        }
        kept += squared(*model, 3, o);
    }
    EXPECT_NEAR_RELATIVE(value_of(subject, "path_norm", "pgdl"), kept, 1e-13);
}

TEST(LpPathNorm, EqualsTheSumOverAllPaths) {
    Builder builder({3});
    builder.dense(3, 4).activation("relu").dense(4, 2);
    const auto model = builder.build();
    const auto w = [&](std::size_t parameter, std::size_t index) { return std::abs(model->weights[parameter].at(index)); };
    Subject subject = subject_of(model);
    for (const double p : {1.0, 1.5, 2.0, 3.0}) {
        double paths = 0;
        for (std::size_t o = 0; o < 2; ++o) {
            for (std::size_t h = 0; h < 4; ++h) {
                for (std::size_t i = 0; i < 3; ++i) paths += std::pow(w(0, i * 4 + h) * w(2, h * 2 + o), p);
                paths += std::pow(w(1, h) * w(2, h * 2 + o), p);
            }
            paths += std::pow(w(3, o), p);
        }
        // Powers are not negative, so that relu changes nothing.
        for (const char* convention : {"exact", "pgdl"})
            EXPECT_NEAR_RELATIVE(value_of(subject, "lp_path_norm[p=" + std::to_string(p) + "]", convention), std::pow(paths, 1 / p), 1e-12) << p;
    }
    EXPECT_NEAR_RELATIVE(value_of(subject, "lp_path_norm[p=2]", "exact"), std::sqrt(value_of(subject, "path_norm", "exact")), 1e-14);
    EXPECT_THROW(value_of(subject, "lp_path_norm[p=0]", "exact"), Error);
}

TEST(LpPathNorm, FoldsNormalisationIntoTheLayerBeforeIt) {
    // One input, three channels: sum over c of |w_c s_c|^p |v_c|^p + |shift_c|^p |v_c|^p.
    for (const bool scale : {true, false})
        for (const bool center : {true, false}) {
            Builder builder({1});
            builder.dense(1, 3, false).normalisation(3, scale, center).dense(3, 1, false);
            const auto model = builder.build();
            const auto of = [&](model::Role role, std::size_t c, double otherwise) {
                for (std::size_t i = 0; i < model->parameters.size(); ++i)
                    if (model->parameters[i].role == role && model->parameters[i].layer.starts_with("bn")) return model->weights[i].at(c);
                return otherwise;
            };
            const model::Tensor& last = model->weights.back();
            for (const double p : {1.0, 1.5}) {
                double paths = 0;
                for (std::size_t c = 0; c < 3; ++c) {
                    const double s = of(model::Role::gamma, c, 1) / std::sqrt(of(model::Role::moving_variance, c, 1) + 1e-3);
                    const double shift = of(model::Role::beta, c, 0) - s * of(model::Role::moving_mean, c, 0);
                    paths += (std::pow(std::abs(model->weights[0].at(c) * s), p) + std::pow(std::abs(shift), p)) * std::pow(std::abs(last.at(c)), p);
                }
                Subject subject = subject_of(model);
                EXPECT_NEAR_RELATIVE(value_of(subject, "lp_path_norm[p=" + std::to_string(p) + "]", "exact"), std::pow(paths, 1 / p), 1e-11);
            }
        }
}

TEST(PathNorm, IsUnchangedWhenReluLayersAreRescaled) {
    Builder builder({3});
    builder.dense(3, 4).activation("relu").dense(4, 2);
    Subject before = subject_of(builder.build());
    auto scaled = builder.model();
    for (const std::size_t parameter : {0u, 1u})
        for (double& w : std::get<std::vector<double>>(scaled.weights[parameter].values)) w *= 4;
    for (double& w : std::get<std::vector<double>>(scaled.weights[2].values)) w /= 4;
    Subject after = subject_of(std::make_shared<model::Model>(scaled));
    for (const char* convention : {"exact", "pgdl"})
        EXPECT_NEAR_RELATIVE(value_of(before, "path_norm", convention), value_of(after, "path_norm", convention), 1e-13);
}

TEST(PathNorm, FoldsNormalisationIntoTheLayerBeforeIt) {
    for (const bool bias : {true, false})
        for (const bool scale : {true, false})
            for (const bool center : {true, false}) {
                Builder builder({5, 5, 2});
                builder.conv(2, 3, 3, 1, "same", bias).normalisation(3, scale, center).activation("relu").flatten().dense(75, 2);
                const auto model = builder.build();
                // The same network with the fold written out into a convolution with a bias.
                Builder folded({5, 5, 2});
                folded.conv(2, 3, 3, 1, "same", true).activation("relu").flatten().dense(75, 2);
                auto& plain = folded.model();
                std::size_t next = bias ? 2 : 1;
                std::vector<double> gamma(3, 1.0), beta(3, 0.0), b(3, 0.0);
                if (bias) b = model->weights[1].to_double();
                if (scale) gamma = model->weights[next++].to_double();
                if (center) beta = model->weights[next++].to_double();
                const auto mean = model->weights[next++].to_double(), variance = model->weights[next++].to_double();
                auto& kernel = std::get<std::vector<double>>(plain.weights[0].values);
                auto& shift = std::get<std::vector<double>>(plain.weights[1].values);
                for (std::size_t c = 0; c < 3; ++c) {
                    const double s = gamma[c] / std::sqrt(variance[c] + 1e-3);
                    for (std::size_t i = c; i < kernel.size(); i += 3) kernel[i] = model->weights[0].at(i) * s;
                    shift[c] = beta[c] + s * (b[c] - mean[c]);
                }
                plain.weights[2] = model->weights[next];
                plain.weights[3] = model->weights[next + 1];
                Subject with = subject_of(model), without = subject_of(folded.build());
                const double expected = value_of(without, "path_norm", "exact");
                EXPECT_GT(expected, 0);
                EXPECT_NEAR_RELATIVE(value_of(with, "path_norm", "exact"), expected, 1e-12) << bias << scale << center;
                EXPECT_NEAR_RELATIVE(value_of(with, "path_norm", "pgdl"), expected, 1e-12) << bias << scale << center;
            }
}

TEST(PathNorm, RefusesNormalisationThatCannotBeFolded) {
    Builder builder({4});
    builder.dense(4, 3).activation("relu").normalisation(3).dense(3, 2);
    Subject subject = subject_of(builder.build());
    EXPECT_NE(reason_of(subject, "path_norm", "exact").find("bn_3"), std::string::npos) << reason_of(subject, "path_norm", "exact");
}

TEST(PathNorm, LeavesAFinalSoftmaxOut) {
    Builder plain({3}), with({3});
    plain.dense(3, 2);
    with.dense(3, 2).activation("softmax");
    Subject a = subject_of(plain.build()), b = subject_of(with.build());
    EXPECT_NEAR_RELATIVE(value_of(a, "path_norm", "exact"), value_of(b, "path_norm", "exact"), 1e-14);
}

}  // namespace
}  // namespace assay::measures
