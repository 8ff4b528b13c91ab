// Sums over paths and weights on paths against plain loops.

#include "libanalysis/pruning/path_network.hpp"
#include "tests/pruning/networks.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace assay::pruning {
namespace {

using Kind = PathNetwork::Kind;

/// R of conv 2x2 (valid, 3x3x1 -> 2x2x2), dense 8 -> 3, dense 3 -> 2, by definition.
double sum_over_paths(const std::vector<double>& conv, const std::vector<double>& first, const std::vector<double>& second) {
    double sum = 0;
    for (std::size_t place = 0; place < 4; ++place)   // every place sees the same ones
        for (std::size_t cell = 0; cell < 4; ++cell)
            for (std::size_t channel = 0; channel < 2; ++channel)
                for (std::size_t hidden = 0; hidden < 3; ++hidden)
                    for (std::size_t out = 0; out < 2; ++out)
                        sum += conv[cell * 2 + channel] * first[(place * 2 + channel) * 3 + hidden] * second[hidden * 2 + out];
    return sum;
}

model::Model small_convolution() {
    test::ModelBuilder b;
    auto x = b.input("x", {3, 3, 1});
    x = b.node("conv", "conv2d", {{"filters", 2}, {"kernel_size", {2, 2}}, {"padding", "valid"}}, {x}, {b.parameter("conv/kernel", {2, 2, 1, 2}), b.parameter("conv/bias", {2})});
    x = b.activation("relu", "relu", x);
    x = b.node("flatten", "flatten", Json::object(), {x});
    x = b.activation("tanh", "tanh", b.dense("first", 8, 3, x));
    b.output(b.activation("softmax", "softmax", b.dense("second", 3, 2, x)));
    settle_roles(b.model);
    return b.model;
}

TEST(PathNetwork, SumsOverPathsWhateverBiasesAndActivationsSay) {
    const model::Model model = small_convolution();
    const auto backend = engine::make_cpu_backend();
    const Scores magnitude = magnitudes(model, model.weights);
    const PathNetwork::Flow flow = PathNetwork(model, model.weights, *backend, {}, Kind::sums).flow(magnitude);
    EXPECT_NEAR_RELATIVE(flow.total, sum_over_paths(magnitude[0], magnitude[2], magnitude[4]), 1e-13);
    for (const std::size_t i : {0u, 2u, 4u}) {   // R is linear in every weight: its slope is a difference
        double layer = 0;
        for (std::size_t k = 0; k < magnitude[i].size(); ++k) {
            Scores without = magnitude;
            without[i][k] = 0;
            const double difference = flow.total - sum_over_paths(without[0], without[2], without[4]);
            EXPECT_NEAR(flow.slopes[i][k] * magnitude[i][k], difference, 1e-12 * flow.total);
            layer += flow.slopes[i][k] * magnitude[i][k];
        }
        EXPECT_NEAR_RELATIVE(layer, flow.total, 1e-13) << "scores of a layer add up to R";
    }
}

TEST(OnPaths, AreTheWeightsWithoutWhichFewerPathsAreLeft) {
    const model::Model model = small_convolution();
    const auto backend = engine::make_cpu_backend();
    std::size_t idle = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
        const Masks kept = mask_of(model, "random", 0.75, Seed{seed});
        const Masks found = on_paths(model, model.weights, kept, *backend, {});
        Scores ones(kept.size());
        for (std::size_t i = 0; i < kept.size(); ++i) ones[i].assign(kept[i].begin(), kept[i].end());
        const double paths = sum_over_paths(ones[0], ones[2], ones[4]);
        for (const std::size_t i : {0u, 2u, 4u})
            for (std::size_t k = 0; k < kept[i].size(); ++k) {
                Scores without = ones;
                without[i][k] = 0;
                EXPECT_EQ(found[i][k] == 1, sum_over_paths(without[0], without[2], without[4]) < paths) << "seed " << seed << ", parameter " << i << ", entry " << k;
                idle += kept[i][k] == 1 && found[i][k] == 0;
            }
    }
    EXPECT_GT(idle, 40u) << "the masks should have weights on no path";
}

TEST(OnPaths, KnowPaddingPoolingBranchesAndBlockedChannels) {
    const auto backend = engine::make_cpu_backend();
    test::ModelBuilder b;
    const auto x = b.input("x", {1, 1, 1});
    // A 3 x 3 kernel on one cell: all but its centre lies on padding.
    auto y = b.node("conv", "conv2d", {{"filters", 2}, {"kernel_size", {3, 3}}, {"padding", "same"}, {"use_bias", false}}, {x}, {b.parameter("conv/kernel", {3, 3, 1, 2})});
    y = b.node("bn", "batch_normalization", Json::object(), {y},
               {b.parameter("bn/gamma", {2}), b.parameter("bn/beta", {2}), b.parameter("bn/moving_mean", {2}, false), b.parameter("bn/moving_variance", {2}, false, true)});
    const auto flat = b.node("flatten", "flatten", Json::object(), {y});
    const auto left = b.dense("left", 2, 1, flat), right = b.dense("right", 2, 1, flat);
    const auto sum = b.node("sum", "add", Json::object(), {left, right});
    b.dense("nowhere", 1, 1, sum);
    b.output(b.dense("last", 1, 1, sum));
    settle_roles(b.model);
    values(b.model, "bn/gamma") = {-2, 0};
    const Masks all = nonzero(b.model, b.model.weights), found = on_paths(b.model, b.model.weights, all, *backend, {});
    const auto mask = [&](const std::string& name) {
        for (std::size_t i = 0; i < found.size(); ++i)
            if (b.model.parameters[i].name == name) return found[i];
        return std::vector<std::uint8_t>{};
    };
    std::vector<std::uint8_t> centre(18, 0);
    centre[8] = 1;   // of the first channel
    EXPECT_EQ(mask("conv/kernel"), centre);
    EXPECT_EQ(mask("left/kernel"), (std::vector<std::uint8_t>{1, 0}));
    EXPECT_EQ(mask("right/kernel"), (std::vector<std::uint8_t>{1, 0}));
    EXPECT_EQ(mask("last/kernel"), (std::vector<std::uint8_t>{1}));
    EXPECT_EQ(mask("nowhere/kernel"), (std::vector<std::uint8_t>{0}));
}

TEST(OnPaths, PassMaxPoolingThroughEveryValueOfAWindow) {
    const auto backend = engine::make_cpu_backend();
    test::ModelBuilder b;
    auto x = b.input("x", {4});
    x = b.dense("first", 4, 4, x);
    x = b.node("image", "reshape", {{"target_shape", {2, 2, 1}}}, {x});
    x = b.node("pool", "max_pooling_2d", {{"pool_size", {2, 2}}}, {x});
    x = b.node("flatten", "flatten", Json::object(), {x});
    b.output(b.dense("last", 1, 2, x));
    settle_roles(b.model);
    EXPECT_EQ(kept_in_all(on_paths(b.model, b.model.weights, nonzero(b.model, b.model.weights), *backend, {})), 18u);
}

TEST(OnPaths, CountNothingThatOverflows) {
    const auto backend = engine::make_cpu_backend();
    const model::Model model = dense_network(std::vector<std::int64_t>(220, 40));   // 40^219 paths
    const Masks all = nonzero(model, model.weights);
    EXPECT_EQ(on_paths(model, model.weights, all, *backend, {}), all);
    model::Model large = model;
    for (std::size_t i = 0; i < large.weights.size(); ++i)
        for (double& w : std::get<std::vector<double>>(large.weights[i].values)) w *= 100;
    EXPECT_EQ(test::refusal([&] { mask_of(large, "synflow", 0.5, {}, backend.get()); }).kind(), ErrorKind::data);
}

TEST(PathNetwork, RefusesLayersThatDoNotAddUpPathsByName) {
    const auto backend = engine::make_cpu_backend();
    const auto refused = [&](const std::function<test::ModelBuilder::Vertex(test::ModelBuilder&, test::ModelBuilder::Vertex)>& layer) {
        test::ModelBuilder b;
        b.output(b.dense("last", 3, 2, layer(b, b.dense("first", 3, 3, b.input("x", {3})))));
        settle_roles(b.model);
        const Error error = test::refusal([&] { PathNetwork(b.model, b.model.weights, *backend, {}, Kind::reachability); });
        EXPECT_EQ(error.kind(), ErrorKind::unsupported);
        EXPECT_NE(std::string(error.what()).find("odd"), std::string::npos) << error.what();
    };
    refused([](auto& b, auto x) { return b.node("odd", "multiply", Json::object(), {x, x}); });
    refused([](auto& b, auto x) { return b.node("odd", "layer_normalization", Json::object(), {x}, {b.parameter("odd/gamma", {3}), b.parameter("odd/beta", {3})}); });
    refused([](auto& b, auto x) { return b.activation("odd", "softmax", x); });
    refused([](auto& b, auto x) { return b.node("odd", "unsupported", Json::object(), {x}); });
}

TEST(SynFlow, KeepsALayerThatMagnitudeCollapses) {
    const auto backend = engine::make_cpu_backend();
    model::Model model = dense_network({20, 20, 20, 20, 10});
    for (double& w : values(model, "dense_3/kernel")) w *= 1e-3;
    const double sparsity = 0.9;
    EXPECT_EQ(kept(mask_of(model, "magnitude_global", sparsity)[4]), 0u);
    const Masks masks = mask_of(model, "synflow", sparsity, {}, backend.get());
    for (const std::size_t i : {0u, 2u, 4u, 6u}) EXPECT_GT(kept(masks[i]), 0u) << i;
    EXPECT_EQ(kept_in_all(masks), 1400u - 1260u);
    EXPECT_EQ(mask_of(model, "synflow", sparsity, {}, backend.get()), masks);
    // Down to one weight a layer nothing collapses: what is left is the path of the largest product.
    const Masks last = mask_of(model, "synflow", 1 - 4.5 / 1400, {}, backend.get());
    EXPECT_EQ(kept_in_all(last), 5u);
    for (const std::size_t i : {0u, 2u, 4u, 6u}) EXPECT_GT(kept(last[i]), 0u) << i;
    EXPECT_EQ(kept_in_all(mask_of(model, "synflow", 0, {}, backend.get())), 1400u);
    EXPECT_EQ(kept_in_all(mask_of(model, "synflow", 0.9999, {}, backend.get())), 1u);   // fewer weights than layers: no path is left
}

TEST(SynFlow, HasNoOrderWhereNothingFlows) {
    const auto backend = engine::make_cpu_backend();
    model::Model model = dense_network({3, 3, 2});
    values(model, "dense_2/kernel").assign(6, 0.0);
    EXPECT_EQ(test::refusal([&] { mask_of(model, "synflow", 0.5, {}, backend.get()); }).kind(), ErrorKind::data);
}

}  // namespace
}  // namespace assay::pruning
