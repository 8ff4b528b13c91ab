#pragma once
// What the twin's runtime and libraries share: devices, streams with their queued work, memory, handles, errors.

#include "libanalysis/engine/cuda/cudnn_library.hpp"
#include "tests/twin/arena.hpp"
#include "tests/twin/twin.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

struct cublasContext;
struct cusolverDnContext;
struct syevjInfo;

namespace assay::test::twin {

struct Range {
    const std::byte* first = nullptr;
    std::size_t bytes = 0;
    bool overlaps(const Range& other) const { return bytes > 0 && other.bytes > 0 && first < other.first + other.bytes && other.first < first + bytes; }
};
inline Range range(const void* memory, std::size_t bytes) { return {static_cast<const std::byte*>(memory), bytes}; }

struct Work {
    std::function<void()> run;
    bool launch = false;    ///< a kernel of ours
    Range pinned;           ///< host memory that it reads or writes
};

struct Stream {
    int device = 0;
    std::deque<Work> queue;
    std::uint64_t queued = 0, done = 0;   ///< pieces of work, ever
};

struct Event {
    int device = 0;
    std::shared_ptr<Stream> stream;       ///< where it was recorded last; null before
    std::uint64_t position = 0;           ///< happened when so many pieces of the stream's work are done
};

struct Pool {
    int device = 0;
    std::uint64_t release_threshold = 0;
    std::size_t used = 0, freeing = 0, reserved = 0;   ///< allocated; freed in a stream's order, not yet run; held of the device
    std::size_t most_used = 0, most_reserved = 0;
    bool destroyed = false;
    /// Gives back what nothing lies in, down to `keep`. Memory that was freed and not waited for counts as used, even where it serves again.
    void shrink(std::size_t keep) { reserved = std::min(reserved, std::max(used + freeing, keep)); }
};

struct Allocation {
    Arena::Block block;
    std::shared_ptr<Pool> pool;
    std::shared_ptr<Stream> stream;       ///< in whose order it was allocated
    std::uint64_t position = 0;           ///< there when so many pieces of that stream's work are done
};

/// Handles are numbers that are never given twice: one that was destroyed is known to be none.
template <class Handle, class Object>
class Registry {
public:
    Handle add(std::shared_ptr<Object> object) {
        const Handle handle = reinterpret_cast<Handle>(next_ += 64);
        objects_.emplace(handle, std::move(object));
        return handle;
    }
    std::shared_ptr<Object> find(Handle handle) const {
        const auto at = objects_.find(handle);
        return at == objects_.end() ? nullptr : at->second;
    }
    bool remove(Handle handle) { return objects_.erase(handle) > 0; }
    const std::map<Handle, std::shared_ptr<Object>>& all() const { return objects_; }
    void clear() { objects_.clear(); }

private:
    static inline std::uintptr_t next_ = 0x1000;
    std::map<Handle, std::shared_ptr<Object>> objects_;
};

struct BlasHandle;      // cublas.cpp
struct SolverHandle;    // cusolver.cpp
struct JacobiParameters;
struct DnnHandle;       // cudnn.cpp
struct DnnTensor;
struct DnnFilter;
struct DnnConvolution;

struct Machine {
    std::recursive_mutex mutex;
    std::vector<Device> devices{Device{}};
    int driver = CUDART_VERSION;
    std::vector<std::size_t> held{0}, peaks{0};             ///< bytes allocated on each device: now, and most at a time

    Registry<cudaStream_t, Stream> streams;
    Registry<cudaEvent_t, Event> events;
    Registry<cudaMemPool_t, Pool> pools;
    Registry<cublasContext*, BlasHandle> blas;
    Registry<cusolverDnContext*, SolverHandle> solvers;
    Registry<syevjInfo*, JacobiParameters> jacobi;
    Registry<engine::cuda::dnn::Context*, DnnHandle> dnn_handles;
    Registry<engine::cuda::dnn::Tensor*, DnnTensor> dnn_tensors;
    Registry<engine::cuda::dnn::Filter*, DnnFilter> dnn_filters;
    Registry<engine::cuda::dnn::Convolution*, DnnConvolution> dnn_convolutions;
    bool cudnn = true;                                      ///< is installed
    std::vector<std::shared_ptr<Stream>> destroyed_streams; ///< with work left, which runs some day
    std::vector<std::weak_ptr<Pool>> every_pool;            ///< destroyed ones hold what is allocated from them
    std::map<const std::byte*, Allocation> memory;          ///< of the device: allocated and not freed, as the host sees it
    std::map<const std::byte*, std::size_t> pinned;         ///< of the host
    std::size_t pinned_bytes = 0, pinned_limit = SIZE_MAX;
    Arena arena;

    cudaError_t broken = cudaSuccess;                       ///< what the device broke with, for good
    cudaError_t breaks_with = cudaErrorIllegalAddress;
    std::uint64_t launches = 0, launches_left = UINT64_MAX;
    std::map<std::string, int> calls;
    struct Failure { int status, nth; };
    std::map<std::string, Failure> failures;                ///< to come
    std::set<std::string> spoiled;                          ///< functions whose results are wrong
    std::vector<std::string> faults;

    void fault(std::string what) { faults.push_back(std::move(what)); }
    int called(const char* function);                       ///< counts; the status that this call is to fail with, or 0
    int& current_device();                                  ///< the calling thread's
    cudaError_t& last_error();                              ///< the calling thread's

    /// The stream behind the handle; null, with a fault, for the default stream and for what is none.
    std::shared_ptr<Stream> stream(cudaStream_t handle, const char* function);
    /// Runs the stream's work up to its `position`-th piece. What the device broke with, if it did.
    cudaError_t run(Stream& stream, std::uint64_t position);
    /// Somebody waited: pools give back what they hold beyond their thresholds.
    void release_idle();
    /// Work left on any stream runs.
    void run_all();
    /// Bytes of the device that no pool holds.
    std::size_t unreserved(int device) const;

    /// Whether all of [data, data + bytes) is allocated on the device for work put on `on` now; if not, that is a fault.
    bool on_device(const void* data, std::size_t bytes, const Stream& on, const std::string& what);
    bool is_device(const void* data) const;
    bool is_pinned(Range host) const;
    bool pinned_in_use(Range host) const;                   ///< by work that waits on a stream

    void forget();                                          ///< everything that was made, faults and failures
    std::vector<std::string> leaks();

private:
    struct OfThread { std::uint64_t generation = 0; int device = 0; cudaError_t last = cudaSuccess; };
    OfThread& of_thread();
    std::uint64_t generation_ = 1;                          ///< of the process that the twin plays
};

/// Never destroyed: objects with static lifetime may come back to it last.
Machine& machine();

/// The body of a function of the runtime: one at a time, with errors to order, and none after the device broke.
template <class Body>
cudaError_t runtime_call(const char* function, Body&& body) {
    Machine& m = machine();
    const std::lock_guard lock(m.mutex);
    auto result = static_cast<cudaError_t>(m.called(function));
    if (result == cudaSuccess) result = m.broken;
    if (result == cudaSuccess) result = body(m);
    if (result != cudaSuccess) m.last_error() = result;
    return result;
}

/// Pinned memory of the host, of undefined contents, with nothing behind it. @throws std::bad_alloc
std::byte* map_pinned(std::size_t bytes);
void unmap_pinned(const std::byte* memory, std::size_t bytes);

/// Puts work on a stream; to be called with the machine's mutex held.
void put(Stream& on, std::function<void()> run, Range pinned = {}, bool launch = false);

}  // namespace assay::test::twin
