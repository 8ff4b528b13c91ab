#include "tests/twin/machine.hpp"

#include "libanalysis/engine/cuda/launch.hpp"
#include "tests/twin/sanitizer.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <utility>

namespace assay::test::twin {

Machine& machine() {
    static Machine* const only = new Machine;
    return *only;
}

std::byte* map_pinned(std::size_t bytes) {
    std::byte* const memory = reserve(rounded(bytes, page) + page);   // nothing behind it
    map_undefined(memory, rounded(bytes, page), PROT_READ | PROT_WRITE);
    forbid(memory + bytes, rounded(bytes, page) - bytes);
    return memory;
}

void unmap_pinned(const std::byte* memory, std::size_t bytes) {
    permit(memory, rounded(bytes, page));
    munmap(const_cast<std::byte*>(memory), rounded(bytes, page) + page);
}

int Machine::called(const char* function) {
    ++calls[function];
    const auto at = failures.find(function);
    if (at == failures.end() || --at->second.nth > 0) return 0;
    const int status = at->second.status;
    failures.erase(at);
    return status;
}

Machine::OfThread& Machine::of_thread() {
    thread_local OfThread mine;
    if (mine.generation != generation_) mine = {generation_, 0, cudaSuccess};
    return mine;
}

int& Machine::current_device() { return of_thread().device; }
cudaError_t& Machine::last_error() { return of_thread().last; }

std::shared_ptr<Stream> Machine::stream(cudaStream_t handle, const char* function) {
    if (std::shared_ptr<Stream> found = streams.find(handle)) return found;
    const bool standard = handle == nullptr || handle == cudaStreamLegacy || handle == cudaStreamPerThread;
    fault(std::string(function) + (standard ? ": the default stream; every call names a stream of its own" : ": a stream that is none, or was destroyed"));
    return nullptr;
}

void put(Stream& on, std::function<void()> run, Range pinned, bool launch) {
    on.queue.push_back({std::move(run), launch, pinned});
    ++on.queued;
}

cudaError_t Machine::run(Stream& stream, std::uint64_t position) {
    if (broken != cudaSuccess) return broken;
    if (stream.done >= position) return cudaSuccess;
    const Arena::Open open(arena);
    while (stream.done < position) {
        const Work work = std::move(stream.queue.front());
        stream.queue.pop_front();
        ++stream.done;
        if (work.launch && launches_left-- == 0) {
            broken = breaks_with;
            return broken;
        }
        launches += work.launch ? 1 : 0;
        work.run();
    }
    return cudaSuccess;
}

void Machine::run_all() {
    for (const auto& [handle, stream] : streams.all()) (void)run(*stream, stream->queued);
    for (const auto& stream : std::exchange(destroyed_streams, {})) (void)run(*stream, stream->queued);
}

void Machine::release_idle() {
    for (const std::weak_ptr<Pool>& every : every_pool) {
        const std::shared_ptr<Pool> pool = every.lock();
        if (!pool) continue;
        pool->shrink(pool->destroyed ? 0 : pool->release_threshold);
    }
    std::erase_if(every_pool, [](const std::weak_ptr<Pool>& every) { return every.expired(); });
}

std::size_t Machine::unreserved(int device) const {
    std::size_t reserved = devices[static_cast<std::size_t>(device)].taken;
    for (const std::weak_ptr<Pool>& every : every_pool)
        if (const std::shared_ptr<Pool> pool = every.lock(); pool && pool->device == device) reserved += pool->reserved;
    const std::size_t whole = devices[static_cast<std::size_t>(device)].memory;
    return whole - std::min(reserved, whole);
}

bool Machine::on_device(const void* data, std::size_t bytes, const Stream& on, const std::string& what) {
    if (bytes == 0) return true;
    const auto* const first = static_cast<const std::byte*>(data);
    auto after = memory.upper_bound(first);
    if (after == memory.begin()) {
        fault(what + (is_pinned(range(data, 1)) ? ": memory of the host" : ": memory that is not allocated on the device"));
        return false;
    }
    const Allocation& found = std::prev(after)->second;
    const auto offset = static_cast<std::size_t>(first - found.block.data);
    if (offset >= found.block.bytes) {
        fault(what + (is_pinned(range(data, 1)) ? ": memory of the host" : ": memory that is not allocated on the device"));
        return false;
    }
    if (bytes > found.block.bytes - offset) {
        fault(what + ": " + std::to_string(bytes) + " bytes from byte " + std::to_string(offset) + " of an allocation of " + std::to_string(found.block.bytes));
        return false;
    }
    if (found.stream.get() != &on && found.stream->done < found.position) {
        fault(what + ": memory allocated in the order of another stream, which has not come so far");
        return false;
    }
    return true;
}

bool Machine::is_device(const void* data) const {
    const auto after = memory.upper_bound(static_cast<const std::byte*>(data));
    if (after == memory.begin()) return false;
    const Arena::Block& block = std::prev(after)->second.block;
    return static_cast<const std::byte*>(data) < block.data + block.bytes;
}

bool Machine::is_pinned(Range host) const {
    const auto after = pinned.upper_bound(host.first);
    if (after == pinned.begin()) return false;
    const auto& [first, bytes] = *std::prev(after);
    return host.first + host.bytes <= first + bytes;
}

bool Machine::pinned_in_use(Range host) const {
    const auto in_use_by = [&](const Stream& stream) {
        return std::any_of(stream.queue.begin(), stream.queue.end(), [&](const Work& work) { return work.pinned.overlaps(host); });
    };
    for (const auto& [handle, stream] : streams.all())
        if (in_use_by(*stream)) return true;
    return std::any_of(destroyed_streams.begin(), destroyed_streams.end(), [&](const auto& stream) { return in_use_by(*stream); });
}

void Machine::forget() {
    for (const auto& [handle, stream] : streams.all()) stream->queue.clear(), stream->done = stream->queued;
    for (const auto& stream : destroyed_streams) stream->queue.clear(), stream->done = stream->queued;
    streams.clear();
    destroyed_streams.clear();
    events.clear();
    pools.clear();
    every_pool.clear();
    blas.clear();
    solvers.clear();
    jacobi.clear();
    dnn_handles.clear();
    dnn_tensors.clear();
    dnn_filters.clear();
    dnn_convolutions.clear();
    cudnn = true;
    {
        const Arena::Open open(arena);
        for (const auto& [data, allocation] : memory)
            if (allocation.stream->done >= allocation.position) (void)arena.end(allocation.block);
    }
    memory.clear();
    for (const auto& [data, bytes] : pinned) unmap_pinned(data, bytes);
    pinned.clear();
    pinned_bytes = 0;
    pinned_limit = SIZE_MAX;
    broken = cudaSuccess;
    launches = 0;
    launches_left = UINT64_MAX;
    calls.clear();
    failures.clear();
    spoiled.clear();
    faults.clear();
    ++generation_;
}

std::vector<std::string> Machine::leaks() {
    run_all();
    std::vector<std::string> left;
    const auto count = [&](std::size_t number, const char* what) {
        if (number > 0) left.push_back(std::to_string(number) + " " + what);
    };
    for (const auto& [data, allocation] : memory) left.push_back("device memory of " + std::to_string(allocation.block.bytes) + " bytes");
    for (const auto& [data, bytes] : pinned) left.push_back("pinned memory of " + std::to_string(bytes) + " bytes");
    count(streams.all().size(), "streams");
    count(events.all().size(), "events");
    count(pools.all().size(), "memory pools");
    count(blas.all().size(), "cuBLAS handles");
    count(solvers.all().size(), "cuSOLVER handles");
    count(jacobi.all().size(), "parameters of cuSOLVER");
    count(dnn_handles.all().size(), "cuDNN handles");
    count(dnn_tensors.all().size() + dnn_filters.all().size() + dnn_convolutions.all().size(), "descriptors of cuDNN");
    return left;
}

void restart(std::vector<Device> devices, int driver) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    m.forget();
    m.held.assign(devices.size(), 0);
    m.peaks.assign(devices.size(), 0);
    m.devices = std::move(devices);
    m.driver = driver;
}

std::vector<std::string> take_faults() {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    return std::exchange(m.faults, {});
}

std::vector<std::string> leaks() {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    return m.leaks();
}

void fail(std::string function, int status, int nth) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    m.failures[std::move(function)] = {status, nth};
}

void spoil(std::string function) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    m.spoiled.insert(std::move(function));
}

void remove_cudnn() {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    m.cudnn = false;
}

void break_device_after(std::uint64_t launches, cudaError_t error) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    m.launches_left = launches;
    m.breaks_with = error;
}

void limit_pinned(std::size_t bytes) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    m.pinned_limit = bytes;
}

std::map<std::string, int> calls() {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    return m.calls;
}

std::uint64_t launches() {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    return m.launches;
}

std::size_t peak(int device) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    return m.peaks.at(static_cast<std::size_t>(device));
}

}  // namespace assay::test::twin

namespace assay::engine::cuda {

// CUDA C++ Programming Guide, "Streams" and "Error Checking": a launch fails, and leaves an error for the thread, if its stream belongs
// to another device than the current one; it reports whatever error the thread has not read yet; a fault of the kernel itself shows in
// a later call.
void run_on_twin(cudaStream_t handle, std::function<void()> work) {
    namespace twin = assay::test::twin;
    (void)twin::runtime_call("kernel launch", [&](twin::Machine& m) {
        const std::shared_ptr<twin::Stream> stream = m.stream(handle, "kernel launch");
        if (!stream) return cudaErrorInvalidResourceHandle;
        if (stream->device != m.current_device()) {
            m.fault("kernel launch: a stream of another device than the current one");
            return cudaErrorInvalidResourceHandle;
        }
        twin::put(*stream, std::move(work), {}, true);
        return cudaSuccess;
    });
    check(cudaGetLastError(), "kernel launch");
}

}  // namespace assay::engine::cuda
