// Memory of the CPU backend: 64-byte aligned, so that a vector never starts inside a cache line.

#include "libanalysis/engine/cpu/cpu_backend.hpp"
#include "libanalysis/engine/views.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace assay::engine::cpu {

namespace {

constexpr std::size_t smallest_pooled = 16384;   // below, the allocator is as fast

template <class Body>
void with_any(DType type, Body&& body) {
    switch (type) {
        case DType::float32: body(float{}); break;
        case DType::float64: body(double{}); break;
        case DType::int32: body(std::int32_t{}); break;
    }
}

}  // namespace

Buffer CpuBackend::allocate(DType type, std::size_t size) {
    // An empty buffer still has an address: "nothing in it" is not "not there".
    const std::size_t bytes = std::max<std::size_t>(64, (size * size_of(type) + 63) / 64 * 64);
    constexpr std::size_t addressable = std::size_t{1} << 44;   // elements; more overflows or cannot be had on any machine
    const bool pooled = bytes >= smallest_pooled;
    void* data = nullptr;
    if (size <= addressable) data = pooled ? state_->memory->take(bytes) : std::aligned_alloc(64, bytes);
    if (!data) {
        throw Error(ErrorKind::resource, {"memory", std::to_string(bytes >> 20) + " MiB more", "none left",
                                          "Use fewer threads or a machine with more memory."});
    }
    if (pooled) return Buffer(std::shared_ptr<void>(data, [pool = state_->memory, bytes](void* memory) { pool->give(memory, bytes); }), size, type);
    return Buffer(std::shared_ptr<void>(data, [](void* memory) { std::free(memory); }), size, type);
}

void CpuBackend::upload(const void* host, View to) {
    if (to.size > 0) std::memcpy(to.data, host, to.size * size_of(to.type));
}

void CpuBackend::download(ConstView from, void* host) {
    if (from.size > 0) std::memcpy(host, from.data, from.size * size_of(from.type));
}

void CpuBackend::copy(ConstView from, View to) {
    require(from.size == to.size, "copy", "two views of one size");
    if (from.size == 0) return;
    if (from.type == to.type) {
        std::memmove(to.data, from.data, from.size * size_of(from.type));
        return;
    }
    with_float(to.type, "copy", [&](auto zero) {
        using To = decltype(zero);
        with_float(from.type, "copy", [&](auto from_zero) {
            using From = decltype(from_zero);
            const From* x = as<From>(from);
            std::transform(x, x + from.size, as<To>(to), [](From value) { return static_cast<To>(value); });
        });
    });
}

void CpuBackend::fill(View x, double value) {
    with_any(x.type, [&](auto zero) {
        using T = decltype(zero);
        std::fill_n(as<T>(x), x.size, static_cast<T>(value));
    });
}

}  // namespace assay::engine::cpu
