#pragma once
// The most multiply-adds that one thread of this machine can do: the roof that other rates are compared with.

#include <cstdint>

namespace assay::bench {

constexpr int fma_lanes = 160;   ///< independent chains of multiply_add

/// `rounds` fused multiply-adds in each of fma_lanes chains, in registers, by the widest instruction set there is (float32).
float multiply_add(std::int64_t rounds, float a, float b);

/// Floating-point operations per second of multiply_add on the calling thread: the best of several runs.
double measure_fma_peak();

}  // namespace assay::bench
