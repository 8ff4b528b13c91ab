// Two small networks that make_small.py exported, with PyTorch's own outputs inside (torch 2.15, float32).

#include "formats/format.hpp"
#include "formats/hdf5.hpp"
#include "libanalysis/engine/network.hpp"
#include "libanalysis/engine/tape.hpp"
#include "tests/support/support.hpp"
#include "tests/support/tolerance.hpp"

#include <gtest/gtest.h>

namespace assay {
namespace {

class StoredFile : public testing::TestWithParam<const char*> {};

TEST_P(StoredFile, GivesTorchsOutputs) {
    const auto path = test::source_folder() / "tests/export" / GetParam();
    const model::Model model = formats::load_model(path);
    EXPECT_EQ(model.format, "assay-graph");
    EXPECT_TRUE(model.notes.empty());
    const formats::hdf5::File file(path);
    const auto stored = file.dataset("example/x");
    const std::vector<double> expected = file.dataset("example/y/fc").read<double>();
    const auto backend = engine::make_cpu_backend();
    engine::make_thread_serial();
    for (const engine::DType precision : {engine::DType::float32, engine::DType::float64}) {
        const engine::Network network(model, {.precision = precision, .logits = false});
        const engine::Buffer parameters = network.pack(*backend, model.weights);
        engine::Batch batch;
        batch.size = stored.shape().at(0);
        batch.inputs.push_back(backend->from_host(stored.read<double>(), network.input_types().at(0)));
        const engine::Tape tape = network.forward(*backend, parameters.view(), std::move(batch));
        EXPECT_LE(test::distance(backend->to_host(tape.network_output(0)), expected), 1e-5);
    }
}

INSTANTIATE_TEST_SUITE_P(Files, StoredFile, testing::Values("image.h5", "words.h5"),
                         [](const testing::TestParamInfo<const char*>& tested) { return std::string(tested.param).substr(0, 5); });

TEST(StoredFile, BringsFacts) {
    const model::Model model = formats::load_model(test::source_folder() / "tests/export/image.h5");
    EXPECT_EQ(model.facts.loss, "cross_entropy");
    EXPECT_EQ(model.facts.from_logits, true);
    EXPECT_EQ(model.facts.learning_rate, 0.1);
    EXPECT_EQ(model.facts.regularisers.size(), 7u);   // every parameter that trains
    for (const model::Regulariser& term : model.facts.regularisers) EXPECT_EQ(term.l2, 0.001);
    EXPECT_EQ(model.preprocessing, Json({{"scale", 0.5}}));
}

}  // namespace
}  // namespace assay
