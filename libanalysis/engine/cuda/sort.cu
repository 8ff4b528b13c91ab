// The stable sort of launch.hpp: CUB's radix sort on the device, the standard library's on the host twin.

#include "libanalysis/engine/cuda/launch.hpp"

#if defined(__CUDACC__)
#include <cub/device/device_radix_sort.cuh>
#else
#include <algorithm>
#include <numeric>
#include <span>
#endif

namespace assay::engine::cuda {

#if defined(__CUDACC__)

std::size_t sort_scratch(std::int64_t count) {
    std::size_t bytes = 0;
    const std::int32_t* in = nullptr;
    std::int32_t* out = nullptr;
    check(cub::DeviceRadixSort::SortPairs(nullptr, bytes, in, out, in, out, count, 0, 32), "radix sort");
    return bytes;
}

void sort_pairs(cudaStream_t stream, void* scratch, std::size_t scratch_bytes, const std::int32_t* keys_in, std::int32_t* keys_out,
                const std::int32_t* values_in, std::int32_t* values_out, std::int64_t count) {
    if (count <= 0) return;
    check(cub::DeviceRadixSort::SortPairs(scratch, scratch_bytes, keys_in, keys_out, values_in, values_out, count, 0, 32, stream), "radix sort");
}

#else

std::size_t sort_scratch(std::int64_t count) { return static_cast<std::size_t>(count) * sizeof(std::int64_t); }

void sort_pairs(cudaStream_t stream, void* scratch, std::size_t, const std::int32_t* keys_in, std::int32_t* keys_out, const std::int32_t* values_in,
                std::int32_t* values_out, std::int64_t count) {
    if (count <= 0) return;
    run_on_twin(stream, [=] {
        const std::span order(static_cast<std::int64_t*>(scratch), static_cast<std::size_t>(count));
        std::iota(order.begin(), order.end(), std::int64_t{0});
        std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return keys_in[a] < keys_in[b]; });
        for (std::int64_t i = 0; const std::int64_t from : order) {
            keys_out[i] = keys_in[from];
            values_out[i++] = values_in[from];
        }
    });
}

#endif

}  // namespace assay::engine::cuda
