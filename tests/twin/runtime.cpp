// The functions of CUDA's runtime that Assay calls. Rules are those of the CUDA Runtime API's reference, whose section for a function
// bears the function's name; where another section is meant, it is named.

#include "tests/twin/machine.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace assay::test::twin {

namespace {

bool known_device(const Machine& m, int device) { return device >= 0 && static_cast<std::size_t>(device) < m.devices.size(); }

/// "Initialization and version management": without a driver, and with one that is older than the runtime's major version, every call
/// that needs a device says so first; then, without a device, that there is none.
cudaError_t initialised(const Machine& m) {
    if (m.driver / 1000 < CUDART_VERSION / 1000) return cudaErrorInsufficientDriver;
    return m.devices.empty() ? cudaErrorNoDevice : cudaSuccess;
}

struct Copy {
    void* to;
    const void* from;
    std::size_t bytes;
    void run() const { std::memcpy(to, from, bytes); }
};

cudaError_t put_copy(Machine& m, const char* function, const Copy& copy, cudaMemcpyKind kind, cudaStream_t handle) {
    const std::shared_ptr<Stream> stream = m.stream(handle, function);
    if (!stream) return cudaErrorInvalidResourceHandle;
    if (kind != cudaMemcpyHostToDevice && kind != cudaMemcpyDeviceToHost && kind != cudaMemcpyDeviceToDevice) {
        m.fault(std::string(function) + ": a direction that Assay does not use");
        return cudaErrorInvalidMemcpyDirection;
    }
    if (copy.bytes == 0) return cudaSuccess;
    const Range to = range(copy.to, copy.bytes), from = range(copy.from, copy.bytes);
    const std::string where = function;
    // "Calling cudaMemcpyAsync() with dst and src pointers that do not match the direction of the copy results in an undefined behavior."
    const bool fits_to = kind == cudaMemcpyDeviceToHost ? !m.is_device(copy.to) : m.on_device(copy.to, to.bytes, *stream, where + ", destination");
    const bool fits_from = kind == cudaMemcpyHostToDevice ? !m.is_device(copy.from) : m.on_device(copy.from, from.bytes, *stream, where + ", source");
    if (!fits_to || !fits_from) {
        if (m.is_device(copy.to) && m.is_device(copy.from) && kind != cudaMemcpyDeviceToDevice) m.fault(where + ": pointers that do not match the direction");
        return cudaErrorInvalidValue;
    }
    // "The memory areas may not overlap."
    if (kind == cudaMemcpyDeviceToDevice) {
        if (to.overlaps(from)) {
            m.fault(where + ": source and destination overlap");
            return cudaSuccess;
        }
        put(*stream, [copy] { copy.run(); });
        return cudaSuccess;
    }
    // "API synchronization behavior", "Asynchronous": copies from and to pageable memory may wait for the device, or be staged first; only
    // pinned memory is copied in the stream's order.
    const Range host = kind == cudaMemcpyHostToDevice ? from : to;
    if (!m.is_pinned(host)) {
        m.fault(where + ": memory of the host that is not pinned");
        return cudaSuccess;
    }
    // What the copy will bring is not there yet. Where a copy that was queued before still reads the memory, that one's values are.
    if (kind == cudaMemcpyDeviceToHost && !m.pinned_in_use(host)) std::memset(copy.to, undefined_byte, copy.bytes);
    put(*stream, [copy] { copy.run(); }, host);
    return cudaSuccess;
}

struct Word { cudaError_t error; const char *name, *text; };
#define ASSAY_ERROR(name, text) {name, #name, text}
constexpr Word words[] = {
    ASSAY_ERROR(cudaSuccess, "no error"),
    ASSAY_ERROR(cudaErrorInvalidValue, "invalid argument"),
    ASSAY_ERROR(cudaErrorMemoryAllocation, "out of memory"),
    ASSAY_ERROR(cudaErrorInitializationError, "initialization error"),
    ASSAY_ERROR(cudaErrorInvalidMemcpyDirection, "invalid copy direction for memcpy"),
    ASSAY_ERROR(cudaErrorInsufficientDriver, "CUDA driver version is insufficient for CUDA runtime version"),
    ASSAY_ERROR(cudaErrorNoDevice, "no CUDA-capable device is detected"),
    ASSAY_ERROR(cudaErrorInvalidDevice, "invalid device ordinal"),
    ASSAY_ERROR(cudaErrorDevicesUnavailable, "CUDA-capable device(s) is/are busy or unavailable"),
    ASSAY_ERROR(cudaErrorInvalidResourceHandle, "invalid resource handle"),
    ASSAY_ERROR(cudaErrorIllegalAddress, "an illegal memory access was encountered"),
    ASSAY_ERROR(cudaErrorLaunchFailure, "unspecified launch failure"),
    ASSAY_ERROR(cudaErrorNotSupported, "operation not supported"),
    ASSAY_ERROR(cudaErrorUnknown, "unknown error"),
};
#undef ASSAY_ERROR

const Word* word(cudaError_t error) {
    for (const Word& known : words)
        if (known.error == error) return &known;
    return nullptr;
}

}  // namespace

}  // namespace assay::test::twin

using namespace assay::test::twin;

extern "C" {

// ---- errors ----

// "Returns the last error that has been produced by any of the runtime calls in the same instance of the CUDA Runtime library in the host
// thread and resets it to cudaSuccess". What a library's call met was noticed by the library's own instance: no call of this runtime.
cudaError_t cudaGetLastError() {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    return std::exchange(m.last_error(), cudaSuccess);
}

const char* cudaGetErrorString(cudaError_t error) {
    const Word* const known = word(error);
    return known ? known->text : "unrecognized error code";
}

const char* cudaGetErrorName(cudaError_t error) {
    const Word* const known = word(error);
    return known ? known->name : "unrecognized error code";
}

// ---- devices ----

cudaError_t cudaDriverGetVersion(int* version) {
    return runtime_call("cudaDriverGetVersion", [&](Machine& m) {
        *version = m.driver;   // 0 without a driver
        return cudaSuccess;
    });
}

cudaError_t cudaRuntimeGetVersion(int* version) {
    return runtime_call("cudaRuntimeGetVersion", [&](Machine&) {
        *version = CUDART_VERSION;
        return cudaSuccess;
    });
}

cudaError_t cudaGetDeviceCount(int* count) {
    return runtime_call("cudaGetDeviceCount", [&](Machine& m) {
        const cudaError_t result = initialised(m);
        *count = result == cudaSuccess ? static_cast<int>(m.devices.size()) : 0;
        return result;
    });
}

cudaError_t cudaSetDevice(int device) {
    return runtime_call("cudaSetDevice", [&](Machine& m) {
        if (const cudaError_t result = initialised(m); result != cudaSuccess) return result;
        if (!known_device(m, device)) return cudaErrorInvalidDevice;
        m.current_device() = device;
        return cudaSuccess;
    });
}

cudaError_t cudaGetDevice(int* device) {
    return runtime_call("cudaGetDevice", [&](Machine& m) {
        if (const cudaError_t result = initialised(m); result != cudaSuccess) return result;
        *device = m.current_device();
        return cudaSuccess;
    });
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
    return runtime_call("cudaGetDeviceProperties", [&](Machine& m) {
        if (const cudaError_t result = initialised(m); result != cudaSuccess) return result;
        if (!known_device(m, device)) return cudaErrorInvalidDevice;
        const Device& is = m.devices[static_cast<std::size_t>(device)];
        *properties = {};
        is.name.copy(properties->name, sizeof properties->name - 1);
        for (int i = 0; i < 16; ++i) properties->uuid.bytes[i] = static_cast<char>(16 * i + device);
        properties->pciBusID = device + 1;
        properties->totalGlobalMem = is.memory;
        properties->major = is.major;
        properties->minor = is.minor;
        properties->multiProcessorCount = is.processors;
        properties->memoryPoolsSupported = is.pools ? 1 : 0;
        return cudaSuccess;
    });
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
    return runtime_call("cudaDeviceGetAttribute", [&](Machine& m) {
        if (const cudaError_t result = initialised(m); result != cudaSuccess) return result;
        if (!known_device(m, device)) return cudaErrorInvalidDevice;
        const Device& is = m.devices[static_cast<std::size_t>(device)];
        switch (attribute) {
            case cudaDevAttrMemoryPoolsSupported: *value = is.pools ? 1 : 0; return cudaSuccess;
            case cudaDevAttrComputeCapabilityMajor: *value = is.major; return cudaSuccess;
            case cudaDevAttrComputeCapabilityMinor: *value = is.minor; return cudaSuccess;
            case cudaDevAttrMultiProcessorCount: *value = is.processors; return cudaSuccess;
            default: m.fault("cudaDeviceGetAttribute: the twin does not know attribute " + std::to_string(attribute)); return cudaErrorInvalidValue;
        }
    });
}

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
    return runtime_call("cudaMemGetInfo", [&](Machine& m) {
        if (const cudaError_t result = initialised(m); result != cudaSuccess) return result;
        *total = m.devices[static_cast<std::size_t>(m.current_device())].memory;
        *free = m.unreserved(m.current_device());
        return cudaSuccess;
    });
}

// ---- streams and events ----

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
    return runtime_call("cudaStreamCreateWithFlags", [&](Machine& m) {
        if (const cudaError_t result = initialised(m); result != cudaSuccess) return result;
        if (flags != cudaStreamDefault && flags != cudaStreamNonBlocking) return cudaErrorInvalidValue;
        auto made = std::make_shared<Stream>();
        made->device = m.current_device();
        *stream = m.streams.add(std::move(made));
        return cudaSuccess;
    });
}

// "In case the device is still doing work in the stream when cudaStreamDestroy() is called, the function will return immediately": the
// twin does that work as late as it can.
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
    return runtime_call("cudaStreamDestroy", [&](Machine& m) {
        const std::shared_ptr<Stream> found = m.stream(stream, "cudaStreamDestroy");
        if (!found) return cudaErrorInvalidResourceHandle;
        m.streams.remove(stream);
        if (found->done < found->queued) m.destroyed_streams.push_back(found);
        return cudaSuccess;
    });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
    return runtime_call("cudaStreamSynchronize", [&](Machine& m) {
        const std::shared_ptr<Stream> found = m.stream(stream, "cudaStreamSynchronize");
        if (!found) return cudaErrorInvalidResourceHandle;
        const cudaError_t result = m.run(*found, found->queued);
        m.release_idle();
        return result;
    });
}

// "Blocks until the device has completed all preceding requested tasks", and tells what one of them failed with.
cudaError_t cudaDeviceSynchronize() {
    return runtime_call("cudaDeviceSynchronize", [&](Machine& m) {
        if (const cudaError_t result = initialised(m); result != cudaSuccess) return result;
        for (const auto& [handle, stream] : m.streams.all()) {
            if (stream->device != m.current_device()) continue;
            if (const cudaError_t result = m.run(*stream, stream->queued); result != cudaSuccess) return result;
        }
        m.release_idle();
        return cudaSuccess;
    });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
    return runtime_call("cudaEventCreateWithFlags", [&](Machine& m) {
        if (const cudaError_t result = initialised(m); result != cudaSuccess) return result;
        if ((flags & ~unsigned{cudaEventBlockingSync | cudaEventDisableTiming}) != 0) {
            m.fault("cudaEventCreateWithFlags: flags that Assay does not use");
            return cudaErrorInvalidValue;
        }
        auto made = std::make_shared<Event>();
        made->device = m.current_device();
        *event = m.events.add(std::move(made));
        return cudaSuccess;
    });
}

// "event and stream must be on the same CUDA context"; what was recorded before is replaced.
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
    return runtime_call("cudaEventRecord", [&](Machine& m) {
        const std::shared_ptr<Event> found = m.events.find(event);
        const std::shared_ptr<Stream> on = m.stream(stream, "cudaEventRecord");
        if (!found) m.fault("cudaEventRecord: an event that is none, or was destroyed");
        if (!found || !on) return cudaErrorInvalidResourceHandle;
        if (found->device != on->device) {
            m.fault("cudaEventRecord: an event and a stream of two devices");
            return cudaErrorInvalidResourceHandle;
        }
        found->stream = on;
        found->position = on->queued;
        return cudaSuccess;
    });
}

// "Waits until the completion of all work currently captured in event": nothing is before it is recorded.
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
    return runtime_call("cudaEventSynchronize", [&](Machine& m) {
        const std::shared_ptr<Event> found = m.events.find(event);
        if (!found) {
            m.fault("cudaEventSynchronize: an event that is none, or was destroyed");
            return cudaErrorInvalidResourceHandle;
        }
        if (!found->stream) return cudaSuccess;
        const cudaError_t result = m.run(*found->stream, found->position);
        m.release_idle();
        return result;
    });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
    return runtime_call("cudaEventDestroy", [&](Machine& m) {
        if (m.events.remove(event)) return cudaSuccess;
        m.fault("cudaEventDestroy: an event that is none, or was destroyed");
        return cudaErrorInvalidResourceHandle;
    });
}

// ---- memory of the device ----

cudaError_t cudaMemPoolCreate(cudaMemPool_t* pool, const cudaMemPoolProps* properties) {
    return runtime_call("cudaMemPoolCreate", [&](Machine& m) {
        if (const cudaError_t result = initialised(m); result != cudaSuccess) return result;
        if (!properties || properties->allocType != cudaMemAllocationTypePinned || properties->location.type != cudaMemLocationTypeDevice) return cudaErrorInvalidValue;
        if (!known_device(m, properties->location.id)) return cudaErrorInvalidDevice;
        if (!m.devices[static_cast<std::size_t>(properties->location.id)].pools) return cudaErrorNotSupported;
        auto made = std::make_shared<Pool>();
        made->device = properties->location.id;
        m.every_pool.push_back(made);
        *pool = m.pools.add(std::move(made));
        return cudaSuccess;
    });
}

// Memory that is still allocated keeps what it lies in.
cudaError_t cudaMemPoolDestroy(cudaMemPool_t pool) {
    return runtime_call("cudaMemPoolDestroy", [&](Machine& m) {
        const std::shared_ptr<Pool> found = m.pools.find(pool);
        if (!found) {
            m.fault("cudaMemPoolDestroy: a pool that is none, or was destroyed");
            return cudaErrorInvalidValue;
        }
        found->destroyed = true;
        found->shrink(0);
        m.pools.remove(pool);
        return cudaSuccess;
    });
}

cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t pool, cudaMemPoolAttr attribute, void* value) {
    return runtime_call("cudaMemPoolSetAttribute", [&](Machine& m) {
        const std::shared_ptr<Pool> found = m.pools.find(pool);
        if (!found) {
            m.fault("cudaMemPoolSetAttribute: a pool that is none, or was destroyed");
            return cudaErrorInvalidValue;
        }
        std::uint64_t number = 0;
        switch (attribute) {
            case cudaMemPoolReuseFollowEventDependencies:
            case cudaMemPoolReuseAllowOpportunistic:
            case cudaMemPoolReuseAllowInternalDependencies: return cudaSuccess;   // the twin reuses memory in the order of one stream only
            case cudaMemPoolAttrReleaseThreshold: std::memcpy(&found->release_threshold, value, sizeof number); return cudaSuccess;
            // "It is illegal to set this attribute to a non-zero value."
            case cudaMemPoolAttrReservedMemHigh:
            case cudaMemPoolAttrUsedMemHigh:
                std::memcpy(&number, value, sizeof number);
                if (number != 0) return cudaErrorInvalidValue;
                if (attribute == cudaMemPoolAttrUsedMemHigh) found->most_used = found->used;
                else found->most_reserved = found->reserved;
                return cudaSuccess;
            default: return cudaErrorInvalidValue;
        }
    });
}

// "Allocations that have been asynchronously freed but whose completion has not been observed on the host (eg. by a synchronize) can count
// as outstanding": here they do.
cudaError_t cudaMemPoolTrimTo(cudaMemPool_t pool, std::size_t keep) {
    return runtime_call("cudaMemPoolTrimTo", [&](Machine& m) {
        const std::shared_ptr<Pool> found = m.pools.find(pool);
        if (!found) {
            m.fault("cudaMemPoolTrimTo: a pool that is none, or was destroyed");
            return cudaErrorInvalidValue;
        }
        found->shrink(keep);
        return cudaSuccess;
    });
}

cudaError_t cudaMallocFromPoolAsync(void** data, std::size_t bytes, cudaMemPool_t pool, cudaStream_t stream) {
    return runtime_call("cudaMallocFromPoolAsync", [&](Machine& m) {
        const std::shared_ptr<Stream> on = m.stream(stream, "cudaMallocFromPoolAsync");
        const std::shared_ptr<Pool> found = m.pools.find(pool);
        if (!found) m.fault("cudaMallocFromPoolAsync: a pool that is none, or was destroyed");
        if (!on || !found) return cudaErrorInvalidValue;
        if (bytes == 0) {
            m.fault("cudaMallocFromPoolAsync: no bytes");
            return cudaErrorInvalidValue;
        }
        // Memory that was freed in the stream's order serves again at once; more comes from the device.
        const std::size_t spare = found->reserved - found->used;
        if (bytes > spare && bytes - spare > m.unreserved(found->device)) return cudaErrorMemoryAllocation;
        const std::optional<Arena::Block> block = m.arena.place(bytes);
        if (!block) return cudaErrorMemoryAllocation;
        found->used += bytes;
        found->reserved = std::max(found->reserved, found->used);
        found->most_used = std::max(found->most_used, found->used);
        found->most_reserved = std::max(found->most_reserved, found->reserved);
        put(*on, [&m, block = *block] { m.arena.begin(block); });
        m.memory.emplace(block->data, Allocation{*block, found, on, on->queued});
        const auto device = static_cast<std::size_t>(found->device);
        m.held[device] += bytes;
        m.peaks[device] = std::max(m.peaks[device], m.held[device]);
        *data = block->data;
        return cudaSuccess;
    });
}

// "After this API returns, accessing the memory from any subsequent work launched on the GPU ... results in undefined behavior."
cudaError_t cudaFreeAsync(void* data, cudaStream_t stream) {
    return runtime_call("cudaFreeAsync", [&](Machine& m) {
        const std::shared_ptr<Stream> on = m.stream(stream, "cudaFreeAsync");
        if (!on) return cudaErrorInvalidValue;
        const auto at = m.memory.find(static_cast<const std::byte*>(data));
        if (at == m.memory.end()) {
            m.fault("cudaFreeAsync: memory that is not allocated on the device, or was freed");
            return cudaErrorInvalidValue;
        }
        if (!m.on_device(data, 1, *on, "cudaFreeAsync")) return cudaErrorInvalidValue;
        const Arena::Block block = at->second.block;
        const std::shared_ptr<Pool> pool = at->second.pool;
        m.memory.erase(at);
        m.held[static_cast<std::size_t>(pool->device)] -= block.bytes;
        pool->used -= block.bytes;
        pool->freeing += block.bytes;
        put(*on, [&m, block, pool] {
            if (std::string written = m.arena.end(block); !written.empty()) m.fault("cudaFreeAsync: " + written);
            pool->freeing -= block.bytes;
            if (pool->destroyed) pool->shrink(0);
        });
        return cudaSuccess;
    });
}

// ---- pinned memory of the host, and copies ----

cudaError_t cudaMallocHost(void** memory, std::size_t bytes) {
    return runtime_call("cudaMallocHost", [&](Machine& m) {
        if (const cudaError_t result = initialised(m); result != cudaSuccess) return result;
        if (bytes == 0) {
            m.fault("cudaMallocHost: no bytes");
            return cudaErrorInvalidValue;
        }
        if (bytes > m.pinned_limit - std::min(m.pinned_limit, m.pinned_bytes)) return cudaErrorMemoryAllocation;
        std::byte* const made = map_pinned(bytes);
        m.pinned.emplace(made, bytes);
        m.pinned_bytes += bytes;
        *memory = made;
        return cudaSuccess;
    });
}

cudaError_t cudaFreeHost(void* memory) {
    return runtime_call("cudaFreeHost", [&](Machine& m) {
        if (!memory) return cudaSuccess;
        const auto at = m.pinned.find(static_cast<const std::byte*>(memory));
        if (at == m.pinned.end()) {
            m.fault("cudaFreeHost: memory that is not pinned, or was freed");
            return cudaErrorInvalidValue;
        }
        const std::size_t bytes = at->second;
        if (m.pinned_in_use(range(memory, bytes))) {
            m.fault("cudaFreeHost: memory that a copy on a stream still uses");
            m.run_all();   // or that copy would end the process
        }
        m.pinned.erase(at);
        m.pinned_bytes -= bytes;
        unmap_pinned(static_cast<const std::byte*>(memory), bytes);
        return cudaSuccess;
    });
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind, cudaStream_t stream) {
    return runtime_call("cudaMemcpyAsync", [&](Machine& m) { return put_copy(m, "cudaMemcpyAsync", {to, from, bytes}, kind, stream); });
}

cudaError_t cudaMemsetAsync(void* data, int value, std::size_t bytes, cudaStream_t stream) {
    return runtime_call("cudaMemsetAsync", [&](Machine& m) {
        const std::shared_ptr<Stream> on = m.stream(stream, "cudaMemsetAsync");
        if (!on) return cudaErrorInvalidResourceHandle;
        if (bytes == 0) return cudaSuccess;
        if (!m.on_device(data, bytes, *on, "cudaMemsetAsync")) return cudaErrorInvalidValue;
        put(*on, [=] { std::memset(data, value, bytes); });
        return cudaSuccess;
    });
}

}  // extern "C"
