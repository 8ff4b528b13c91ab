#include "bench/fma_peak.hpp"

#include <algorithm>
#include <chrono>

namespace assay::bench {

// Wide enough to hide the latency of the widest unit. The clone for the widest instruction set is chosen at run time.
__attribute__((target_clones("avx512f", "avx2,fma", "default"), optimize("O3", "fast-math")))
float multiply_add(std::int64_t rounds, float a, float b) {
    float x[fma_lanes];
    for (int i = 0; i < fma_lanes; ++i) x[i] = static_cast<float>(i);
    for (std::int64_t r = 0; r < rounds; ++r)
        for (int i = 0; i < fma_lanes; ++i) x[i] = x[i] * a + b;
    float sum = 0;
    for (int i = 0; i < fma_lanes; ++i) sum += x[i];
    return sum;
}

double measure_fma_peak() {
    constexpr std::int64_t rounds = 2000000;
    double best = 0;
    volatile float kept = 0;   // or the work would be dropped
    for (int repeat = 0; repeat < 7; ++repeat) {
        const auto start = std::chrono::steady_clock::now();
        kept = multiply_add(rounds, 0.999f, 0.001f);
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        best = std::max(best, 2.0 * fma_lanes * static_cast<double>(rounds) / seconds);
    }
    static_cast<void>(kept);
    return best;
}

}  // namespace assay::bench
