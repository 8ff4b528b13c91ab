// Masks against a sort by brute force.

#include "libanalysis/pruning/groups.hpp"
#include "tests/pruning/networks.hpp"
#include "tests/support/refusal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace assay::pruning {
namespace {

/// The mask by a stable sort of all scores: floor(sparsity n) of the first go.
Masks by_sorting(const Scores& scores, double sparsity) {
    std::vector<std::tuple<double, std::size_t, std::size_t>> all;
    for (std::size_t i = 0; i < scores.size(); ++i)
        for (std::size_t k = 0; k < scores[i].size(); ++k) all.emplace_back(scores[i][k], i, k);
    std::sort(all.begin(), all.end());   // ties by place
    Masks masks;
    for (const auto& array : scores) masks.emplace_back(array.size(), std::uint8_t{1});
    for (std::size_t n = 0; n < static_cast<std::size_t>(std::floor(sparsity * static_cast<double>(all.size()) + 1e-9)); ++n)
        masks[std::get<1>(all[n])][std::get<2>(all[n])] = 0;
    return masks;
}

Scores some_scores(std::uint64_t seed, int distinct) {
    Scores scores{{}, std::vector<double>(37), {}, std::vector<double>(64), std::vector<double>(9)};
    for (std::size_t i = 0; i < scores.size(); ++i)
        for (std::size_t k = 0; k < scores[i].size(); ++k) scores[i][k] = std::floor(Seed{seed}.child(i).uniform(k) * distinct) - distinct / 3;
    return scores;
}

TEST(KeepHighest, IsASortWithTiesByPlace) {
    for (const int distinct : {3, 10, 1'000'000})
        for (const double sparsity : {0.0, 0.01, 0.1, 0.33, 0.5, 0.9, 0.99, 1.0}) {
            const Scores scores = some_scores(static_cast<std::uint64_t>(distinct), distinct);
            EXPECT_EQ(keep_highest(scores, sparsity), by_sorting(scores, sparsity)) << distinct << " values, sparsity " << sparsity;
            const Masks each = keep_highest_in_each(scores, sparsity);
            for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_EQ(each[i], by_sorting({scores[i]}, sparsity)[0]) << "array " << i << ", sparsity " << sparsity;
        }
}

TEST(KeepHighest, PrunesAsManyAsAskedWhateverTheProductRoundsTo) {
    EXPECT_EQ(pruned_count(0.9, 10), 9u);
    EXPECT_EQ(pruned_count(0.29, 100), 29u);   // 0.29 * 100 rounds below 29
    EXPECT_EQ(pruned_count(0.3, 7), 2u);
    EXPECT_EQ(pruned_count(0, 7), 0u);
    EXPECT_EQ(pruned_count(1, 7), 7u);
    EXPECT_EQ(pruned_count(0.999999, 7), 6u);
}

TEST(KeepHighest, RefusesWhatIsNoNumberAndOrdersInfinities) {
    const double infinity = std::numeric_limits<double>::infinity();
    EXPECT_EQ(test::refusal([] { keep_highest({{1, std::nan(""), 2}}, 0.5); }).kind(), ErrorKind::data);
    EXPECT_EQ(test::refusal([] { keep_highest_in_each({{1, std::nan(""), 2}}, 0.5); }).kind(), ErrorKind::data);
    EXPECT_EQ(keep_highest({{infinity, -infinity, 0}}, 0.34), (Masks{{1, 0, 1}}));
}

TEST(Magnitude, PrunesKernelsAndNothingElse) {
    const model::Model model = dense_network({5, 7, 4, 3});
    Scores scores(model.parameters.size());
    for (std::size_t i = 0; i < model.parameters.size(); i += 2) {
        scores[i] = model.weights[i].to_double();
        for (double& score : scores[i]) score = std::abs(score);
    }
    for (const double sparsity : {0.0, 0.4, 0.9, 0.9999}) {
        EXPECT_EQ(mask_of(model, "magnitude_global", sparsity), by_sorting(scores, sparsity));
        const Masks by_layer = mask_of(model, "magnitude_layer", sparsity);
        for (std::size_t i = 0; i < scores.size(); ++i) EXPECT_EQ(by_layer[i], by_sorting({scores[i]}, sparsity)[0]);
    }
    const model::Weights left = masked(model.weights, mask_of(model, "magnitude_global", 0.9));
    for (std::size_t i = 1; i < left.size(); i += 2) EXPECT_EQ(left[i].to_double(), model.weights[i].to_double());
}

TEST(Magnitude, RefusesWeightsThatAreNotFinite) {
    model::Model model = dense_network({3, 2});
    values(model, "dense_1/kernel")[1] = std::nan("");
    const Error error = test::refusal([&] { mask_of(model, "magnitude_global", 0.5); });
    EXPECT_EQ(error.kind(), ErrorKind::data);
    EXPECT_NE(std::string(error.what()).find("dense_1"), std::string::npos) << error.what();
}

TEST(Apply, GivesZeroWhateverTheWeightWas) {
    model::Model model = dense_network({2, 1});
    values(model, "dense_1/kernel") = {std::numeric_limits<double>::infinity(), -3};
    const model::Weights left = masked(model.weights, {{0, 0}, {}});
    EXPECT_EQ(left[0].to_double(), (std::vector<double>{0, 0}));
    EXPECT_FALSE(std::signbit(left[0].at(1)));
}

TEST(Random, DependsOnTheSeedAloneAndIsNested) {
    const model::Model model = dense_network({20, 30, 10});
    EXPECT_EQ(mask_of(model, "random", 0.7, Seed{3}), mask_of(model, "random", 0.7, Seed{3}));
    EXPECT_NE(mask_of(model, "random", 0.7, Seed{3}), mask_of(model, "random", 0.7, Seed{4}));
    EXPECT_EQ(kept_in_all(mask_of(model, "random", 0.7)), 900u - 630u);
    const Masks more = mask_of(model, "random", 0.5, Seed{3}), fewer = mask_of(model, "random", 0.9, Seed{3});
    for (std::size_t i = 0; i < more.size(); ++i)
        for (std::size_t k = 0; k < more[i].size(); ++k) EXPECT_LE(fewer[i][k], more[i][k]);
    // Other weights, the same mask.
    model::Model other = model;
    for (double& w : values(other, "dense_1/kernel")) w *= -2;
    EXPECT_EQ(mask_of(other, "random", 0.7, Seed{3}), mask_of(model, "random", 0.7, Seed{3}));
}

TEST(Random, LeavesEveryLayerItsShare) {
    const model::Model model = dense_network({100, 200, 50});
    const Masks masks = mask_of(model, "random", 0.8, Seed{1});
    // 20,000 and 10,000 weights, 0.2 each: five standard deviations of a hypergeometric count.
    EXPECT_NEAR(static_cast<double>(kept(masks[0])) / 20000, 0.2, 5 * std::sqrt(0.2 * 0.8 / 20000));
    EXPECT_NEAR(static_cast<double>(kept(masks[2])) / 10000, 0.2, 5 * std::sqrt(0.2 * 0.8 / 10000));
}

TEST(NOfM, KeepsTheLargestOfEveryGroupOfInputs) {
    test::ModelBuilder b;
    auto x = b.input("x", {5, 5, 3});
    x = b.node("conv", "conv2d", {{"filters", 4}, {"kernel_size", {3, 3}}, {"padding", "valid"}, {"use_bias", false}}, {x}, {b.parameter("conv/kernel", {3, 3, 3, 4})});
    x = b.node("flatten", "flatten", Json::object(), {x});
    b.output(b.dense("dense", 36, 5, x));
    settle_roles(b.model);
    for (const auto& [keep, group] : {std::pair{2, 4}, {1, 4}, {4, 8}, {4, 4}}) {
        const Masks masks = mask_by(find_method("n_of_m"), {.model = b.model, .weights = b.model.weights, .keep = keep, .group = group});
        for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {   // [27, 4], whose last group is short, and [36, 5]
            const std::vector<double> w = b.model.weights[i].to_double();
            const std::size_t cols = static_cast<std::size_t>(b.model.parameters[i].shape.back()), rows = w.size() / cols;
            for (std::size_t col = 0; col < cols; ++col)
                for (std::size_t first = 0; first < rows; first += static_cast<std::size_t>(group)) {
                    const std::size_t last = std::min(rows, first + static_cast<std::size_t>(group));
                    double least_kept = 1e300, most_pruned = 0;
                    std::size_t count = 0;
                    for (std::size_t row = first; row < last; ++row) {
                        const double magnitude = std::abs(w[row * cols + col]);
                        if (masks[i][row * cols + col]) least_kept = std::min(least_kept, magnitude), ++count;
                        else most_pruned = std::max(most_pruned, magnitude);
                    }
                    EXPECT_EQ(count, std::min<std::size_t>(static_cast<std::size_t>(keep), last - first));
                    EXPECT_GE(least_kept, most_pruned);
                }
        }
        EXPECT_TRUE(masks[2].empty()) << "a bias";
    }
}

TEST(NOfM, LeavesEmbeddingsAlone) {
    test::ModelBuilder b;
    auto x = b.input("x", {4}, "int32");
    x = b.node("embedding", "embedding", {{"input_dim", 8}, {"output_dim", 2}}, {x}, {b.parameter("embedding/embeddings", {8, 2})});
    x = b.node("flatten", "flatten", Json::object(), {x});
    b.output(b.dense("dense", 8, 2, x));
    settle_roles(b.model);
    const Masks masks = mask_of(b.model, "n_of_m", 0);
    EXPECT_TRUE(masks[0].empty());
    EXPECT_EQ(kept(masks[1]), 8u);
    EXPECT_EQ(kept_in_all(mask_of(b.model, "magnitude_global", 0.5)), 16u) << "of an embedding's 16 and a kernel's 16 weights";
}

TEST(Methods, AreNamedWhenAnUnknownOneIsAskedFor) {
    const Error error = test::refusal([] { find_method("magnitud"); });
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    for (const Method* method : methods()) EXPECT_NE(std::string(error.what()).find(method->name), std::string::npos) << error.what();
    EXPECT_GE(methods().size(), 7u);
}

TEST(Methods, SayWhatTheyNeed) {
    const model::Model model = dense_network({3, 2});
    for (const double sparsity : {-0.1, 1.1, std::nan("")}) EXPECT_EQ(test::refusal([&] { mask_of(model, "random", sparsity); }).kind(), ErrorKind::usage);
    EXPECT_EQ(test::refusal([&] { mask_of(model, "snip", 0.5); }).kind(), ErrorKind::missing);
    EXPECT_EQ(test::refusal([&] { mask_of(model, "grasp", 0.5); }).kind(), ErrorKind::missing);
    model::Model weights_only = model;
    weights_only.architecture.reset();
    EXPECT_EQ(test::refusal([&] { mask_of(weights_only, "synflow", 0.5); }).kind(), ErrorKind::missing);
    EXPECT_EQ(kept_in_all(mask_of(weights_only, "magnitude_global", 0.5)), 3u);
    EXPECT_EQ(test::refusal([&] { mask_by(find_method("n_of_m"), {.model = model, .weights = model.weights, .keep = 5, .group = 4}); }).kind(), ErrorKind::usage);
}

}  // namespace
}  // namespace assay::pruning
