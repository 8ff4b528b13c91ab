#pragma once
// The three ways in which work of our own runs on the device: a function of an index (each), sums (reduce), a stable sort. Bodies are
// functors that host and device compilers take alike (engine/device/*.hpp). Files that launch are written once and compiled twice:
// by nvcc for the device, and by the host compiler for the host twin of the tests, which runs the same functors on its own stream.

#include "libanalysis/engine/cuda/check.hpp"

#include <cstddef>
#include <cstdint>

#if defined(__CUDACC__)
#include <cub/block/block_reduce.cuh>
#else
#include <functional>
namespace assay::engine::cuda {
/// Defined by the host twin: `work` runs in the stream's order, when the stream is waited for, and may touch device memory.
void run_on_twin(cudaStream_t stream, std::function<void()> work);
}
#endif

namespace assay::engine::cuda {

inline constexpr int block_threads = 256;
inline constexpr std::int64_t most_blocks = 1 << 16;
// Blocks that a multiprocessor should hold at least. Left to itself, ptxas spills registers of some functors for more of them.
inline constexpr int least_blocks = 2;

#if defined(__CUDACC__)

template <class Body>
__global__ void __launch_bounds__(block_threads, least_blocks) each_kernel(std::int64_t count, Body body) {
    const std::int64_t stride = static_cast<std::int64_t>(gridDim.x) * block_threads;
    for (std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * block_threads + threadIdx.x; i < count; i += stride) body(i);
}

/// One block a result. The order of additions depends on `terms` alone.
template <class Term, class Combine, class Store>
__global__ void __launch_bounds__(block_threads, least_blocks) reduce_kernel(std::int64_t results, std::int64_t terms, double start, Term term, Combine combine, Store store) {
    using Reduce = cub::BlockReduce<double, block_threads>;
    __shared__ typename Reduce::TempStorage shared;
    for (std::int64_t r = blockIdx.x; r < results; r += gridDim.x) {
        double partial = start;
        for (std::int64_t i = threadIdx.x; i < terms; i += block_threads) partial = combine(partial, term(r, i));
        const double total = Reduce(shared).Reduce(partial, combine);
        if (threadIdx.x == 0) store(r, total);
        __syncthreads();
    }
}

inline unsigned blocks_for(std::int64_t blocks) { return static_cast<unsigned>(blocks < most_blocks ? blocks : most_blocks); }

#endif

/// body(i) for 0 <= i < count, in no order.
template <class Body>
void each(cudaStream_t stream, std::int64_t count, Body body) {
    if (count <= 0) return;
#if defined(__CUDACC__)
    each_kernel<<<blocks_for((count + block_threads - 1) / block_threads), block_threads, 0, stream>>>(count, body);
    check(cudaGetLastError(), "kernel launch");
#else
    // Backwards: a body that needs another one to have run is found.
    run_on_twin(stream, [=] { for (std::int64_t i = count; i-- > 0;) body(i); });
#endif
}

/// store(r, combine of start and term(r, i) for 0 <= i < terms) for 0 <= r < results; in float64 and in a fixed order. `start` is
/// combine's neutral element. For few results of many terms: give each result several partial ones and reduce those again.
template <class Term, class Combine, class Store>
void reduce(cudaStream_t stream, std::int64_t results, std::int64_t terms, double start, Term term, Combine combine, Store store) {
    if (results <= 0) return;
#if defined(__CUDACC__)
    reduce_kernel<<<blocks_for(results), block_threads, 0, stream>>>(results, terms, start, term, combine, store);
    check(cudaGetLastError(), "kernel launch");
#else
    run_on_twin(stream, [=] {
        for (std::int64_t r = results; r-- > 0;) {
            double partial[] = {start, start, start};   // as threads have theirs
            for (std::int64_t i = 0; i < terms; ++i) partial[i % 3] = combine(partial[i % 3], term(r, i));
            store(r, combine(combine(partial[0], partial[1]), partial[2]));
        }
    });
#endif
}

/// Bytes of scratch memory that sort_pairs needs for `count` pairs.
std::size_t sort_scratch(std::int64_t count);

/// Stable, ascending sort of keys with their values. All arrays on the device; in and out do not overlap.
void sort_pairs(cudaStream_t stream, void* scratch, std::size_t scratch_bytes, const std::int32_t* keys_in, std::int32_t* keys_out,
                const std::int32_t* values_in, std::int32_t* values_out, std::int64_t count);

}  // namespace assay::engine::cuda
