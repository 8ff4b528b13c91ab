// Scores against PyTorch: stored ones of a tiny network always, and of a bundled network where an interpreter with torch is found.

#include "formats/format.hpp"
#include "libanalysis/engine/network.hpp"
#include "libanalysis/pruning/loss_scores.hpp"
#include "tests/pruning/networks.hpp"
#include "tests/pruning/torch_scores.hpp"
#include "tests/support/python.hpp"
#include "tests/support/refusal.hpp"
#include "tests/support/tolerance.hpp"

#include <cmath>

namespace assay::pruning {
namespace {

/// The network of torch_scores.py, its arrays by the same formula.
model::Model tiny() {
    test::ModelBuilder b;
    auto x = b.input("x", {6, 6, 2});
    const auto made = [&](std::size_t number, const std::string& name, const Shape& shape, double scale = 0.6, double offset = 0, bool trainable = true) {
        const std::size_t index = b.parameter(name, shape, trainable);
        auto& values = std::get<std::vector<double>>(b.model.weights[index].values);
        for (std::size_t k = 0; k < values.size(); ++k) values[k] = offset + scale * std::sin(2.1 * static_cast<double>(k) + 0.7 * static_cast<double>(number) + 0.2);
        return index;
    };
    const std::size_t kernel = made(0, "conv/kernel", {3, 3, 2, 3}), bias = made(1, "conv/bias", {3}, 0.1);
    x = b.node("conv", "conv2d", {{"filters", 3}, {"kernel_size", {3, 3}}, {"padding", "same"}}, {x}, {kernel, bias});
    const std::size_t gamma = made(2, "bn/gamma", {3}, 0.3, 0.8), beta = made(3, "bn/beta", {3}, 0.1, 0.2), mean = made(4, "bn/moving_mean", {3}, 0.1, 0, false),
                      variance = made(5, "bn/moving_variance", {3}, 0.3, 0.8, false);
    x = b.node("bn", "batch_normalization", {{"epsilon", 1e-3}}, {x}, {gamma, beta, mean, variance});
    x = b.activation("relu", "relu", x);
    x = b.node("pool", "max_pooling_2d", {{"pool_size", {2, 2}}}, {x});
    x = b.node("flatten", "flatten", Json::object(), {x});
    const std::size_t first = made(6, "first/kernel", {27, 4}), first_bias = made(7, "first/bias", {4}, 0.1);
    x = b.activation("tanh", "tanh", b.node("first", "dense", {{"units", 4}}, {x}, {first, first_bias}));
    const std::size_t last = made(8, "last/kernel", {4, 3}), last_bias = made(9, "last/bias", {3}, 0.1);
    x = b.node("last", "dense", {{"units", 3}}, {x}, {last, last_bias});
    b.output(b.activation("softmax", "softmax", x));
    settle_roles(b.model);
    return b.model;
}

Problem problem_on(const model::Model& model, engine::Backend& backend, double sparsity = 0) {
    std::vector<double> x(5 * 72);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::cos(0.37 * static_cast<double>(i));
    const auto split = data::make_split(std::move(x), {6, 6, 2}, {0, 1, 2, 1, 0});
    return {.model = model, .weights = model.weights, .sparsity = sparsity, .backend = &backend, .precision = engine::DType::float64,
            .rows = data::Rows{split, data::all_rows(*split), {}}};
}

constexpr std::size_t kernels[] = {0, 6, 8};

void expect_scores(const Scores& found, const std::vector<std::vector<double>>& expected, double tolerance) {
    double largest = 0;
    for (const auto& array : expected)
        for (const double score : array) largest = std::max(largest, std::abs(score));
    for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_EQ(found[kernels[i]].size(), expected[i].size());
        for (std::size_t k = 0; k < expected[i].size(); ++k) EXPECT_NEAR(found[kernels[i]][k], expected[i][k], tolerance * largest) << "kernel " << i << ", entry " << k;
    }
}

TEST(Scores, AreThoseOfPyTorch) {
    const model::Model model = tiny();
    const auto backend = engine::make_cpu_backend();
    const Problem problem = problem_on(model, *backend);
    expect_scores(find_method("snip").scores(problem), test::torch::snip, 1e-12);
    expect_scores(find_method("grasp").scores(problem), test::torch::grasp, 1e-11);
    expect_scores(find_method("synflow").scores(problem), test::torch::synflow, 1e-13);
}

TEST(Scores, InSinglePrecisionAreThoseOfPyTorchToThatPrecision) {
    const model::Model model = tiny();
    const auto backend = engine::make_cpu_backend();
    Problem problem = problem_on(model, *backend);
    problem.precision = engine::DType::float32;
    expect_scores(find_method("snip").scores(problem), test::torch::snip, 1e-5);
    expect_scores(find_method("grasp").scores(problem), test::torch::grasp, 1e-5);
}

TEST(SynFlow, HasTheMasksOfPyTorchAfterAHundredRounds) {
    const model::Model model = tiny();
    const auto backend = engine::make_cpu_backend();
    const Masks masks = mask_by(find_method("synflow"), problem_on(model, *backend, 0.8));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(masks[kernels[i]], test::torch::synflow_masks[i]) << "kernel " << i;
}

TEST(SynFlow, ScoresOfEveryLayerAddUpToTheSame) {
    const model::Model model = tiny();
    const auto backend = engine::make_cpu_backend();
    const Scores scores = find_method("synflow").scores(problem_on(model, *backend));
    double sums[3] = {};
    for (std::size_t i = 0; i < 3; ++i)
        for (const double score : scores[kernels[i]]) sums[i] += score;
    EXPECT_NEAR_RELATIVE(sums[0], sums[1], 1e-13);
    EXPECT_NEAR_RELATIVE(sums[0], sums[2], 1e-13);
}

// The loss of a network under a mask, as a function of one entry of the mask: SNIP's own definition.
TEST(Snip, IsTheSlopeOfTheLossInTheMask) {
    model::Model model = tiny();
    const auto backend = engine::make_cpu_backend();
    const Scores scores = find_method("snip").scores(problem_on(model, *backend));
    const auto loss = [&] {
        const engine::Network network(model, {.precision = engine::DType::float64});
        const engine::Buffer parameters = network.pack(*backend, model.weights);
        const Problem problem = problem_on(model, *backend);
        return engine::Primal(network, *backend, parameters.const_view(), *problem.rows, {.loss = engine::find_loss("cross_entropy")}, Context{}).loss_gradient().value;
    };
    for (const std::size_t i : kernels) {
        auto& values = std::get<std::vector<double>>(model.weights[i].values);
        for (const std::size_t k : {std::size_t{1}, values.size() / 2, values.size() - 1}) {
            const double w = values[k], h = 1e-5;
            values[k] = w * (1 + h);
            const double above = loss();
            values[k] = w * (1 - h);
            const double below = loss();
            values[k] = w;
            EXPECT_NEAR(scores[i][k], std::abs(above - below) / (2 * h), test::difference) << "kernel " << i << ", entry " << k;
        }
    }
}

TEST(LossScores, RefuseWeightsThatDoNotTrain) {
    model::Model model = tiny();
    for (std::size_t i : {0u, 1u}) model.parameters[i].trainable = false;
    const auto backend = engine::make_cpu_backend();
    const Error error = test::refusal([&] { mask_by(find_method("snip"), problem_on(model, *backend, 0.5)); });
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
    EXPECT_NE(std::string(error.what()).find("layer conv"), std::string::npos) << error.what();
}

TEST(Scores, OfABundledNetworkAreThoseOfPyTorchItself) {
    ASSAY_NEEDS_PYTHON("torch, h5py");
    const auto zoo = test::source_folder() / "examples/mnist-grid";
    const model::Model model = formats::load_model(zoo / "grid_0053.h5");
    const data::Dataset dataset = formats::open_dataset(zoo / "data.h5");
    const auto backend = engine::make_cpu_backend();
    constexpr std::int64_t rows = 200;
    for (const engine::DType precision : {engine::DType::float32, engine::DType::float64}) {
        const Problem problem{.model = model, .weights = model.weights, .backend = backend.get(), .precision = precision,
                              .rows = data::Rows{dataset.train, data::first_rows(*dataset.train, rows), {.scale = 1.0 / 255}}};
        std::vector<formats::NamedArray> arrays;
        for (const char* method : {"snip", "grasp", "synflow"}) {
            const Scores scores = find_method(method).scores(problem);
            for (const std::size_t i : prunable(model))
                arrays.push_back({std::string(method) + "/" + model.parameters[i].name, model.parameters[i].shape, {scores[i].begin(), scores[i].end()}});
        }
        const test::Scratch scratch;
        formats::write_arrays(scratch / "scores.h5", arrays);
        const auto done = test::run({test::python(), (test::source_folder() / "tests/pruning/torch_scores.py").string(), "--compare", (zoo / "grid_0053.h5").string(),
                                     (zoo / "data.h5").string(), std::to_string(rows), (scratch / "scores.h5").string()});
        EXPECT_EQ(done.exit_code, 0) << to_string(precision) << "\n" << done.out << done.err;
        EXPECT_NE(done.out.find("worst:"), std::string::npos) << done.out << done.err;
    }
}

}  // namespace
}  // namespace assay::pruning
