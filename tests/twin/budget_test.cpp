// What work on the device holds: the peak of gradients and Hessian products stays within the memory that was asked for, in both precisions,
// and rows of a micro-batch are a function of the network, the kind of device and that memory.

#include "libanalysis/engine/primal.hpp"
#include "libanalysis/linop/curvature_operator.hpp"
#include "tests/engine/backend/small_network.hpp"
#include "tests/twin/lane_support.hpp"

#include <vector>

namespace assay::test {
namespace {

using engine::DType;

constexpr std::size_t mebibyte = std::size_t{1} << 20;

struct Held { std::size_t peak; std::int64_t micro_batch; std::vector<double> product; };

/// A gradient and a product, as curvature does them, with micro-batches and cache for `asked` bytes of a device of 1 GiB.
Held held(std::size_t asked, DType precision, std::size_t taken = 0, int sharing = 1) {
    twin::restart({{.memory = 1024 * mebibyte, .taken = taken}});
    const SmallNetwork small;
    const SmallData data(20000);
    const auto b = engine::cuda::make_cuda_backend({.memory = asked, .sharing = sharing});
    const engine::Network network(small.model, {.precision = precision, .micro_batches = b->micro_batches()});
    const engine::Buffer parameters = network.pack(*b, small.model.weights);
    const engine::Objective objective{.loss = engine::find_loss("cross_entropy")};
    Context context;
    context.threads = 4;
    context.memory = asked > 0 ? asked : 1024 * mebibyte;
    const engine::Primal primal(network, *b, parameters.view(), data.rows, objective, context);
    (void)primal.loss_gradient();
    const auto op = linop::find_curvature_kind("hessian").make(primal);
    std::vector<double> x(network.layout().trainable_count), y(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = Seed{1}.normal(i);
    op->apply(x, y);
    return {twin::peak(), network.micro_batch(), y};
}

TEST(Budget, HoldsForDerivativesInBothPrecisions) {
    constexpr std::size_t own = 33 * mebibyte;   // cuBLAS's workspace and a word for faults, whatever is asked
    std::int64_t before = 0;
    for (const std::size_t asked : {mebibyte / 2, 4 * mebibyte, 64 * mebibyte}) {
        for (const DType precision : {DType::float32, DType::float64}) {
            const Held found = held(asked, precision);
            EXPECT_LE(found.peak, own + asked) << asked << ", " << to_string(precision);
            EXPECT_LT(found.micro_batch, 20000) << "the bound is what decides";
            if (precision == DType::float32) {
                EXPECT_GT(found.micro_batch, before) << "more memory, more rows";
                before = found.micro_batch;
            }
        }
    }
    EXPECT_GT(held(0, DType::float32).peak, own + 4 * mebibyte) << "this work holds more where it may";
}

TEST(Budget, DependsOnWhatWasAskedAndNotOnOthers) {
    const Held alone = held(4 * mebibyte, DType::float32), crowded = held(4 * mebibyte, DType::float32, 900 * mebibyte);
    EXPECT_EQ(crowded.micro_batch, alone.micro_batch);
    EXPECT_EQ(crowded.product, alone.product) << "the same bits";
    EXPECT_EQ(held(0, DType::float32, 0, 256).micro_batch, alone.micro_batch) << "the share of one of 256 workers is 4 MiB";
}

}  // namespace
}  // namespace assay::test
