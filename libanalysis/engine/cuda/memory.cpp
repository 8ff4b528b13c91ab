#include "libanalysis/engine/cuda/memory.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/cuda/check.hpp"
#include "libanalysis/engine/cuda/cuda.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <mutex>

namespace assay::engine::cuda {

namespace {

/// What the lanes of this process hold on each device, together.
class Ledger {
public:
    void took(int device, std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        Account& account = accounts_[device];
        account.held += bytes;
        account.peak = std::max(account.peak, account.held);
    }
    void gave(int device, std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        accounts_[device].held -= bytes;
    }
    std::size_t held(int device) {
        const std::lock_guard lock(mutex_);
        return accounts_[device].held;
    }
    std::size_t peak(int device) {
        const std::lock_guard lock(mutex_);
        return accounts_[device].peak;
    }

private:
    struct Account {
        std::size_t held = 0, peak = 0;
    };
    std::mutex mutex_;
    std::map<int, Account> accounts_;
};

/// Never destroyed: buffers with static lifetime give back when other statics are gone.
Ledger& ledger() {
    static Ledger* const only = new Ledger;
    return *only;
}

std::string mebibytes(std::size_t bytes) { return std::to_string((bytes + (std::size_t{1} << 20) - 1) >> 20) + " MiB"; }

}  // namespace

Memory::Memory(int device, std::string name, std::size_t device_memory) : device_(device), name_(std::move(name)), device_memory_(device_memory) {
    enter();
    cudaMemPoolProps properties{};
    properties.allocType = cudaMemAllocationTypePinned;
    properties.handleTypes = cudaMemHandleTypeNone;
    properties.location.type = cudaMemLocationTypeDevice;
    properties.location.id = device;
    check(cudaMemPoolCreate(&pool_, &properties), "cudaMemPoolCreate");
    try {
        // Freed memory stays in the pool: a pass asks for the same sizes again and again, and the driver takes milliseconds for each.
        std::uint64_t kept = std::numeric_limits<std::uint64_t>::max();
        check(cudaMemPoolSetAttribute(pool_, cudaMemPoolAttrReleaseThreshold, &kept), "cudaMemPoolSetAttribute");
        // Non-blocking: nothing that others do on the default stream orders itself into ours.
        check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "cudaStreamCreate");
    } catch (...) {
        (void)cudaMemPoolDestroy(pool_);
        throw;
    }
}

Memory::~Memory() {
    // Errors here were reported by the call that met them first, or the driver is gone already.
    (void)cudaStreamSynchronize(stream_);
    (void)cudaStreamDestroy(stream_);
    (void)cudaMemPoolDestroy(pool_);
    (void)cudaGetLastError();
}

void Memory::enter() const {
    int current = -1;
    check(cudaGetDevice(&current), "cudaGetDevice");
    if (current != device_) check(cudaSetDevice(device_), "cudaSetDevice");
}

Memory::Visit::Visit(const Memory& memory) noexcept : device_(memory.device_), good_(cudaGetDevice(&before_) == cudaSuccess) {
    if (before_ != device_) good_ = cudaSetDevice(device_) == cudaSuccess && good_;
}

Memory::Visit::~Visit() {
    if (before_ == device_ || before_ < 0) return;
    if (cudaSetDevice(before_) != cudaSuccess) (void)cudaGetLastError();
}

void* Memory::take(std::size_t bytes) {
    void* data = nullptr;
    const cudaError_t result = cudaMallocFromPoolAsync(&data, bytes, pool_, stream_);
    if (result == cudaErrorMemoryAllocation) {
        (void)cudaGetLastError();
        return nullptr;
    }
    check(result, "cudaMallocFromPoolAsync");
    return data;
}

std::shared_ptr<void> Memory::allocate(std::size_t bytes) {
    enter();
    const std::size_t wanted = std::max<std::size_t>(bytes, 1);   // an empty buffer still has an address: "nothing in it" is not "not there"
    void* data = nullptr;
    if (wanted <= device_memory_) {
        data = take(wanted);
        if (!data) {
            trim(0);   // what was freed may still be in use by work on the stream, and lie in the pool in pieces
            data = take(wanted);
        }
    }
    if (!data) {
        std::size_t free = 0, total = 0;
        check(cudaMemGetInfo(&free, &total), "cudaMemGetInfo");
        throw DeviceMemoryError(
                    {"memory of " + name_, mebibytes(bytes) + " more",
                     mebibytes(free) + " free of " + mebibytes(device_memory_) + ", of which this process holds " + mebibytes(ledger().held(device_)),
                     out_of_memory_advice});
    }
    try {
        ledger().took(device_, wanted);
    } catch (...) {
        (void)cudaFreeAsync(data, stream_);
        throw;
    }
    return {data, [self = shared_from_this(), wanted](void* memory) { self->give(memory, wanted); }};
}

void Memory::give(void* data, std::size_t bytes) noexcept {
    // An error here is one of earlier work on the stream; whoever waits for that work is told, not who launches next.
    const Visit visit(*this);
    const bool freed = cudaFreeAsync(data, stream_) == cudaSuccess;
    if (!freed || !visit.good()) (void)cudaGetLastError();
    ledger().gave(device_, bytes);
}

void Memory::trim(std::size_t keep) const {
    check(cudaStreamSynchronize(stream_), "cudaStreamSynchronize");
    check(cudaMemPoolTrimTo(pool_, keep), "cudaMemPoolTrimTo");
}

std::size_t peak_bytes(int device) { return ledger().peak(device); }

}  // namespace assay::engine::cuda
