#include "libanalysis/engine/passes.hpp"

#include "libanalysis/engine/batches.hpp"
#include "libanalysis/engine/tape.hpp"
#include "tests/engine/backend/small_network.hpp"

#include <gtest/gtest.h>

namespace assay::test {

namespace {

using engine::DType;
using engine::Network;

constexpr std::int64_t row_count = 1111;   // several micro-batches and a ragged one

/// Everything a pass wants, in one precision.
struct Setting {
    SmallNetwork small;
    SmallData data{row_count};
    Network network;
    std::unique_ptr<engine::Backend> backend = engine::make_cpu_backend();
    engine::Buffer parameters;
    Context context;

    explicit Setting(DType precision, int threads = 1) : network(small.model, {.precision = precision}) {
        parameters = network.pack(*backend, small.model.weights);
        context.threads = threads;
    }
    engine::Outputs outputs() { return outputs_over(network, *backend, parameters.view(), data.rows, context); }
};

double tolerance(DType type) { return type == DType::float32 ? roundoff<float> : roundoff<double>; }

class Passes : public testing::TestWithParam<DType> {};
INSTANTIATE_TEST_SUITE_P(BothPrecisions, Passes, testing::Values(DType::float32, DType::float64));

TEST_P(Passes, OutputsAreThoseOfPlainLoopsInTheOrderOfTheRows) {
    Setting s(GetParam());
    ASSERT_GT(row_count, 2 * s.network.micro_batch()) << "the rows must make several micro-batches";
    ASSERT_NE(row_count % s.network.micro_batch(), 0) << "and a ragged one";
    const engine::Outputs outputs = s.outputs();
    ASSERT_EQ(outputs.count, row_count);
    ASSERT_EQ(outputs.width, 3);
    std::vector<double> expected;
    for (std::int64_t i = 0; i < row_count; ++i) {
        for (const double logit : SmallNetwork::logits(s.small.flat, s.data.row(i))) expected.push_back(logit);
    }
    EXPECT_LE(distance(outputs.values, expected), tolerance(GetParam()));
}

TEST_P(Passes, BitsDoNotDependOnThreadsOrMemory) {
    Setting alone(GetParam());
    const auto outputs = alone.outputs().values;
    for (const int threads : {2, 3, 5}) {
        for (const std::size_t memory : {std::size_t{1} << 30, std::size_t{1}}) {
            Setting s(GetParam(), threads);
            s.context.memory = memory;
            EXPECT_EQ(s.outputs().values, outputs);
        }
    }
}

TEST_P(Passes, VisitSeesEveryMicroBatchInOrder) {
    for (const int threads : {1, 3}) {
        Setting s(GetParam(), threads);
        std::vector<double> seen;
        std::int64_t next = 0;
        visit_forward(s.network, *s.backend, s.parameters.view(), s.data.rows, s.context, [&](std::int64_t first, const engine::Tape& tape) {
            EXPECT_EQ(first, next);
            next += tape.batch();
            for (const double value : s.backend->to_host(tape.network_output(0))) seen.push_back(value);
        });
        EXPECT_EQ(next, row_count);
        EXPECT_EQ(seen, s.outputs().values);
    }
}

TEST(Passes, StopBetweenMicroBatches) {
    Setting s(DType::float32);
    std::stop_source source;
    s.context.stop = source.get_token();
    s.context.on_progress = [&](double) { source.request_stop(); };
    try {
        s.outputs();
        FAIL() << "did not stop";
    } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::interrupted);
    }
}

TEST(Passes, ApplyThePreprocessingOfTheRows) {
    Setting s(DType::float64);
    s.data.rows.preprocessing.scale = 0.5;
    s.data.rows.preprocessing.offset = 0.25;
    const std::vector<double> found = s.outputs().values;
    std::vector<double> x(s.data.row(3), s.data.row(3) + SmallNetwork::in);
    for (double& value : x) value = value * 0.5 + 0.25;
    const std::vector<double> expected = SmallNetwork::logits(s.small.flat, x.data());
    for (std::size_t k = 0; k < 3; ++k) EXPECT_NEAR_RELATIVE(found[9 + k], expected[k], roundoff<double>);
}

TEST(Passes, TakeImagesWithoutTheChannelAxisAndRefuseOtherShapes) {
    const SmallNetwork small({2, 3, 1});
    const Network network(small.model);
    const auto backend = engine::make_cpu_backend();
    const engine::Buffer parameters = network.pack(*backend, small.model.weights);
    const SmallData plain(20, {2, 3}), full(20, {2, 3, 1}), wrong(20, {3, 2}), flat(20, {6});
    EXPECT_EQ(outputs_over(network, *backend, parameters.view(), plain.rows, {}).values, outputs_over(network, *backend, parameters.view(), full.rows, {}).values);
    for (const SmallData* bad : {&wrong, &flat}) {
        try {
            outputs_over(network, *backend, parameters.view(), bad->rows, {});
            FAIL() << "took rows of another shape";
        } catch (const Error& error) {
            EXPECT_EQ(error.kind(), ErrorKind::data);
            EXPECT_NE(std::string(error.what()).find("[2, 3, 1]"), std::string::npos) << error.what();
            EXPECT_NE(std::string(error.what()).find(to_string(bad->rows.split->input_shape(0))), std::string::npos) << error.what();
        }
    }
}

TEST(Passes, RefuseRowsThatAreNotThere) {
    Setting s(DType::float32);
    s.data.rows.indices.clear();
    EXPECT_EQ(s.outputs().count, 0);
    s.data.rows.split = nullptr;
    EXPECT_THROW(s.outputs(), Error);
}

/// index [2] -> Embedding of 4 words in 3 -> flatten -> Dense 2, beside a second input b [6] -> Dense 2, added.
model::Model two_inputs() {
    model::Model m;
    m.path = "two.h5";
    model::Architecture& a = m.architecture.emplace();
    const auto add = [&](const char* name, const char* kind, Json attributes, std::vector<std::size_t> sources, std::vector<std::size_t> used = {}) {
        model::Node node;
        node.name = node.layer = name;
        node.kind = kind;
        node.attributes = std::move(attributes);
        node.parameters = std::move(used);
        return a.add(node, sources);
    };
    const std::size_t words = add("words", "input", {{"shape", Shape{2}}, {"dtype", "int32"}}, {});
    const std::size_t numbers = add("numbers", "input", {{"shape", Shape{6}}, {"dtype", "float32"}}, {});
    const std::size_t embedded = add("embedding", "embedding", {{"input_dim", 4}, {"output_dim", 3}}, {words}, {0});
    const std::size_t flat = add("flat", "flatten", Json::object(), {embedded});
    const std::size_t sum = add("sum", "add", Json::object(), {flat, numbers});
    a.inputs = {words, numbers};
    a.outputs = {sum};
    model::Parameter table;
    table.name = "table";
    table.role = model::Role::embeddings;
    table.shape = {4, 3};
    m.parameters = {table};
    m.weights = {{{4, 3}, "float32", std::vector<float>{0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32}}};
    return m;
}

TEST(Passes, MatchSeveralInputsByNameAndReadIndicesAsIntegers) {
    const Network network(two_inputs());
    const auto backend = engine::make_cpu_backend();
    const engine::Buffer parameters = network.pack(*backend, two_inputs().weights);
    const std::vector<double> numbers{1, 2, 3, 4, 5, 6};
    const auto run = [&](const std::string& name, std::vector<double> words) {
        data::Rows rows;
        rows.split = data::make_split(std::vector<data::NamedInput>{{"numbers", {6}, numbers}, {name, {2}, std::move(words)}}, {0}, {}, 0);
        rows.indices = {0};
        rows.preprocessing.scale = 0.5;   // of numbers, never of indices
        return outputs_over(network, *backend, parameters.view(), rows, {}).values;
    };
    EXPECT_EQ(run("words", {3, 1}), (std::vector<double>{30.5, 32, 33.5, 12, 13.5, 15}));
    EXPECT_THROW(run("words", {0.5, 1}), Error) << "no integer";
    EXPECT_THROW(run("words", {4, 1}), Error) << "no such word";
    EXPECT_THROW(run("letters", {3, 1}), Error) << "no such input";
}

TEST(Labels, BecomeWhatTheLossWants) {
    const engine::Loss &ce = *engine::find_loss("cross_entropy"), &mse = *engine::find_loss("mean_squared_error");
    data::Rows classes, targets, none;
    classes.split = data::make_split({1, 2, 3}, {1}, {2, 0, 1});
    targets.split = data::make_split(std::vector<data::NamedInput>{{"x", {1}, {1, 2, 3}}}, {}, {1, 2, 3, 4, 5, 6}, 2);
    none.split = data::make_split({1, 2, 3}, {1}, {});
    classes.indices = targets.indices = none.indices = {2, 0, 1};
    EXPECT_EQ(labels_of(classes, 1, 2, ce, 3).classes, (std::vector<std::int64_t>{2, 0}));
    EXPECT_EQ(labels_of(classes, 0, 2, mse, 3).targets, (std::vector<double>{0, 1, 0, 0, 0, 1}));
    EXPECT_EQ(labels_of(classes, 0, 2, mse, 1).targets, (std::vector<double>{1, 2}));
    EXPECT_EQ(labels_of(targets, 0, 2, mse, 2).targets, (std::vector<double>{5, 6, 1, 2}));
    EXPECT_THROW(labels_of(classes, 0, 3, mse, 2), Error) << "class 2 of two outputs";
    EXPECT_THROW(labels_of(targets, 0, 3, mse, 3), Error) << "two targets for three outputs";
    EXPECT_THROW(labels_of(targets, 0, 3, ce, 2), Error) << "no classes";
    EXPECT_THROW(labels_of(none, 0, 3, ce, 2), Error) << "no labels";
}

}  // namespace

}  // namespace assay::test
