// What CudaBackend is beside its primitives: its lane, its memory, the size of its micro-batches.

#include "libanalysis/engine/cuda/cuda_backend.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/cuda/lane.hpp"

#include <algorithm>

namespace assay::engine::cuda {

CudaBackend::CudaBackend(std::shared_ptr<Lane> lane) : lane_(std::move(lane)) {}

CudaBackend::~CudaBackend() = default;

std::string_view CudaBackend::device() const { return lane_->name(); }

std::unique_ptr<Backend> CudaBackend::lane() const { return std::make_unique<CudaBackend>(lane_); }

/// By the lane's memory, which is of the class of the device or less. An eighth of it for the arrays of a forward pass and half of it for
/// all derivatives of a micro-batch leave room for the cache, the data and the vectors of the algorithms; a 64th for what one layer
/// touches is far more than a cache, and bounds single allocations. Few rows leave most of a device idle, so the least is more than a
/// processor's.
MicroBatches CudaBackend::micro_batches() const {
    const int halvings = lane_->halvings();
    const std::size_t memory = lane_->memory() >> halvings;
    return {.touched = memory / 64, .whole = memory / 8, .least = std::max<std::int64_t>(256 >> halvings, 1),
            .most = std::max<std::int64_t>(65536 >> halvings, 1), .derivatives = memory / 2};
}

void CudaBackend::halve_micro_batches(int times) {
    require(times >= 0 && times <= 16, "halve_micro_batches", "from none to 16 times");
    lane_->set_halvings(times);
}

void CudaBackend::give_back_memory() { lane_->trim(); }

void CudaBackend::synchronize() { lane_->synchronize(); }

Buffer CudaBackend::allocate(DType type, std::size_t size) {
    constexpr std::size_t addressable = std::size_t{1} << 44;   // elements; the bytes of more overflow
    if (size > addressable) {
        throw Error(ErrorKind::resource, {"memory of " + lane_->name(), "at most 2^44 elements in one array", std::to_string(size)});
    }
    return Buffer(lane_->allocate(size * size_of(type)), size, type);
}

void CudaBackend::upload(const void* host, View to) { lane_->to_device(host, to.data, to.size * size_of(to.type)); }

void CudaBackend::download(ConstView from, void* host) { lane_->to_host(from.data, host, from.size * size_of(from.type)); }

std::unique_ptr<Backend> make_cuda_backend(const Options& options) {
    return std::make_unique<CudaBackend>(std::make_shared<Lane>(options));
}

}  // namespace assay::engine::cuda
