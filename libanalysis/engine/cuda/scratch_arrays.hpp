#pragma once
// Several arrays in a lane's scratch memory, 256 bytes apart at least.

#include "libanalysis/engine/cuda/lane.hpp"

#include <array>
#include <cstdint>
#include <tuple>
#include <utility>

namespace assay::engine::cuda {

/// Arrays of counts[0], counts[1], ... elements of the types named: valid until the lane's next primitive that takes scratch memory.
template <class... T>
std::tuple<T*...> scratch_arrays(Lane& lane, const std::array<std::int64_t, sizeof...(T)>& counts) {
    constexpr std::size_t apart = 256;
    std::size_t bytes = 0, next = 0;
    std::array<std::size_t, sizeof...(T)> offsets{};
    for (const std::size_t size : {sizeof(T)...}) {
        offsets[next] = bytes;
        bytes += (static_cast<std::size_t>(counts[next++]) * size + apart - 1) / apart * apart;
    }
    auto* const memory = static_cast<std::byte*>(lane.scratch(bytes));
    return [&]<std::size_t... k>(std::index_sequence<k...>) {
        return std::tuple<T*...>{reinterpret_cast<T*>(memory + offsets[k])...};
    }(std::index_sequence_for<T...>{});
}

}  // namespace assay::engine::cuda
