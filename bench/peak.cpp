// What this machine can do at most: the floor that other times are compared with. Fused multiply-adds in registers, the
// float32 matrix product, and reading memory; one thread each.

#include "bench/fma_peak.hpp"
#include "libanalysis/engine/backend.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace {

void fma_peak(benchmark::State& state) {
    constexpr std::int64_t rounds = 100000;
    for (auto _ : state) benchmark::DoNotOptimize(assay::bench::multiply_add(rounds, 0.999f, 0.001f));
    state.counters["flops"] = benchmark::Counter(2.0 * assay::bench::fma_lanes * rounds, benchmark::Counter::kIsIterationInvariantRate);
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
