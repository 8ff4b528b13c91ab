#include "libanalysis/engine/cuda/staging.hpp"

#include "libanalysis/engine/cuda/check.hpp"

#include <algorithm>
#include <cstring>

namespace assay::engine::cuda {

Staging::Staging() {
    try {
        void* memory = nullptr;
        check(cudaMallocHost(&memory, slot_bytes * chunks), "cudaMallocHost (pinned memory of the host)");
        pinned_ = static_cast<std::byte*>(memory);
        for (std::size_t i = 0; i < chunks; ++i) {
            slots_[i].data = pinned_ + i * slot_bytes;
            check(cudaEventCreateWithFlags(&slots_[i].done, cudaEventDisableTiming), "cudaEventCreate");
        }
    } catch (...) {
        release();
        throw;
    }
}

Staging::~Staging() { release(); }

void Staging::release() noexcept {
    for (Slot& slot : slots_) {
        if (!slot.done) continue;
        (void)cudaEventSynchronize(slot.done);   // a copy may still read what is freed below
        (void)cudaEventDestroy(slot.done);
    }
    if (pinned_) (void)cudaFreeHost(pinned_);
    (void)cudaGetLastError();
}

Staging::Slot& Staging::next() {
    current_ = (current_ + 1) % chunks;
    Slot& slot = slots_[current_];
    check(cudaEventSynchronize(slot.done), "cudaEventSynchronize");   // returns at once where nothing was recorded
    slot.used = 0;
    return slot;
}

void Staging::to_device(const void* host, void* device, std::size_t bytes, cudaStream_t stream) {
    const std::lock_guard lock(mutex_);
    for (std::size_t at = 0; at < bytes;) {
        // Small copies share a slot, so that many of them can wait for the device's work at a time.
        Slot* slot = &slots_[current_];
        const std::size_t part = std::min(bytes - at, chunk);
        if (chunk - slot->used < part) slot = &next();
        std::byte* const pinned = slot->data + slot->used;
        std::memcpy(pinned, static_cast<const std::byte*>(host) + at, part);
        check(cudaMemcpyAsync(static_cast<std::byte*>(device) + at, pinned, part, cudaMemcpyHostToDevice, stream), "cudaMemcpyAsync");
        slot->used += std::min((part + 255) / 256 * 256, chunk - slot->used);
        check(cudaEventRecord(slot->done, stream), "cudaEventRecord");
        at += part;
    }
}

std::int32_t Staging::to_host(const void* device, void* host, std::size_t bytes, const std::int32_t* word, cudaStream_t stream) {
    const std::lock_guard lock(mutex_);
    const std::size_t parts = std::max<std::size_t>(1, (bytes + chunk - 1) / chunk);
    const auto length = [&](std::size_t part) { return std::min(chunk, bytes - part * chunk); };
    std::array<Slot*, chunks> filled{};
    const auto collect = [&](std::size_t part) {
        Slot& slot = *filled[part % chunks];
        check(cudaEventSynchronize(slot.done), "cudaEventSynchronize");
        if (length(part) > 0) std::memcpy(static_cast<std::byte*>(host) + part * chunk, slot.data, length(part));
    };
    for (std::size_t part = 0; part < parts; ++part) {
        if (part >= chunks) collect(part - chunks);   // its slot is the one that comes next
        Slot& slot = next();
        filled[part % chunks] = &slot;
        slot.used = chunk;
        if (length(part) > 0) {
            check(cudaMemcpyAsync(slot.data, static_cast<const std::byte*>(device) + part * chunk, length(part), cudaMemcpyDeviceToHost, stream),
                  "cudaMemcpyAsync");
        }
        if (part + 1 == parts) check(cudaMemcpyAsync(slot.data + chunk, word, sizeof *word, cudaMemcpyDeviceToHost, stream), "cudaMemcpyAsync");
        check(cudaEventRecord(slot.done, stream), "cudaEventRecord");
    }
    for (std::size_t part = parts > chunks ? parts - chunks : 0; part < parts; ++part) collect(part);
    std::int32_t found = 0;
    std::memcpy(&found, filled[(parts - 1) % chunks]->data + chunk, sizeof found);
    return found;
}

}  // namespace assay::engine::cuda
