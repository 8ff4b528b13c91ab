// What this machine can do at most: the floor that other times are compared with. Fused multiply-adds in registers, the
// float32 matrix product, and reading memory; one thread each.

#include "libanalysis/engine/backend.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace {

// Independent chains of multiply-adds, wide enough to hide the latency of the widest unit. The clone for the widest
// instruction set is chosen at run time.
__attribute__((target_clones("avx512f", "avx2,fma", "default"), optimize("O3", "fast-math")))
float multiply_add(std::int64_t rounds, float a, float b) {
    constexpr int lanes = 160;
    float x[lanes];
    for (int i = 0; i < lanes; ++i) x[i] = static_cast<float>(i);
    for (std::int64_t r = 0; r < rounds; ++r)
        for (int i = 0; i < lanes; ++i) x[i] = x[i] * a + b;
    float sum = 0;
    for (int i = 0; i < lanes; ++i) sum += x[i];
    return sum;
}

void fma_peak(benchmark::State& state) {
    constexpr std::int64_t rounds = 100000;
    for (auto _ : state) benchmark::DoNotOptimize(multiply_add(rounds, 0.999f, 0.001f));
    state.counters["flops"] = benchmark::Counter(2.0 * 160 * rounds, benchmark::Counter::kIsIterationInvariantRate);
}

void sgemm(benchmark::State& state) {
    assay::engine::make_thread_serial();
    const auto backend = assay::engine::make_cpu_backend();
    const std::int64_t n = state.range(0);
    const auto count = static_cast<std::size_t>(n * n);
    auto a = backend->zeros(assay::engine::DType::float32, count), b = backend->zeros(assay::engine::DType::float32, count);
    auto c = backend->zeros(assay::engine::DType::float32, count);
    backend->fill(a.view(), 0.5);
    backend->fill(b.view(), 0.25);
    for (auto _ : state) backend->gemm(false, false, n, n, n, 1.0, a.view(), n, b.view(), n, 0.0, c.view(), n);
    state.counters["flops"] = benchmark::Counter(2.0 * static_cast<double>(n) * static_cast<double>(n) * static_cast<double>(n),
                                                 benchmark::Counter::kIsIterationInvariantRate);
}

void read_memory(benchmark::State& state) {
    const std::vector<double> values(32 << 20, 1.0);
    for (auto _ : state) {
        double sums[8] = {};
        for (std::size_t i = 0; i < values.size(); i += 8)
            for (std::size_t k = 0; k < 8; ++k) sums[k] += values[i + k];
        benchmark::DoNotOptimize(sums);
    }
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(values.size() * sizeof(double)));
}

}  // namespace

BENCHMARK(fma_peak);
BENCHMARK(sgemm)->Arg(128)->Arg(512)->Arg(1024)->Unit(benchmark::kMillisecond);
BENCHMARK(read_memory)->Unit(benchmark::kMillisecond);
BENCHMARK_MAIN();
