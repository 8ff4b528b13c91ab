#include "libanalysis/engine/cuda/lane.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/cuda/check.hpp"
#include "libanalysis/engine/cuda/cudnn.hpp"
#include "libanalysis/engine/cuda/devices.hpp"
#include "libanalysis/engine/cuda/memory.hpp"
#include "libanalysis/engine/cuda/staging.hpp"

#include <algorithm>
#include <bit>

namespace assay::engine::cuda {

namespace {

/// What cuBLAS asks for on the devices that want most of it (compute capability 9.0). Given by us, since with memory of its own a
/// result may depend on what ran before.
constexpr std::size_t blas_workspace = std::size_t{32} << 20;

/// Kept of the pool while a lane is idle: more than a network of some ten thousand parameters asks for, little of any device.
constexpr std::size_t kept_idle = std::size_t{128} << 20;

Device usable_device(int index) {
    Device device = find_device(index);
    if (std::string why = unusable(device); !why.empty()) throw Error(ErrorKind::unavailable, {"CUDA", "", std::move(why)});
    return device;
}

}  // namespace

Lane::Lane(const Options& options) : options_(options), name_("cuda:" + std::to_string(options.device)) {
    device_memory_ = usable_device(options.device).memory;
    const Cublas& library = cublas();   // what can be missing is looked for before anything is made
    memory_ = std::make_shared<Memory>(options.device, name_, device_memory_);
    staging_ = std::make_unique<Staging>();
    fault_ = allocate(sizeof(device::Fault));
    clear_fault();
    blas_workspace_ = allocate(blas_workspace);

    if (options.cudnn && !dnn::switched_off()) cudnn_ = std::make_unique<Cudnn>(*this);

    check(library.cublasCreate_v2(&blas_), "cublasCreate");
    try {
        check(library.cublasSetStream_v2(blas_, memory_->stream()), "cublasSetStream");
        check(library.cublasSetWorkspace_v2(blas_, blas_workspace_.get(), blas_workspace), "cublasSetWorkspace");   // a new stream resets it
        check(library.cublasSetPointerMode_v2(blas_, CUBLAS_POINTER_MODE_HOST), "cublasSetPointerMode");
        // The default computes float32 in float32; the pedantic mode would add nothing but slower kernels.
        check(library.cublasSetMathMode(blas_, options.tf32 ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH), "cublasSetMathMode");
    } catch (...) {
        (void)library.cublasDestroy_v2(blas_);
        throw;
    }
}

Lane::~Lane() {
    // Handles belong to their device, whichever one the thread that ends the lane is at.
    const Memory::Visit visit(*memory_);
    (void)cudaStreamSynchronize(memory_->stream());
    cudnn_.reset();
    if (jacobi_) (void)cusolver().cusolverDnDestroySyevjInfo(jacobi_);
    if (solver_) (void)cusolver().cusolverDnDestroy(solver_);
    (void)cublas().cublasDestroy_v2(blas_);
    (void)cudaGetLastError();
}

cudaStream_t Lane::stream() const {
    memory_->enter();
    return memory_->stream();
}

cublasHandle_t Lane::blas() const {
    memory_->enter();
    return blas_;
}

cusolverDnHandle_t Lane::solver() {
    memory_->enter();
    if (solver_) return solver_;
    cusolverDnHandle_t made = nullptr;
    check(cusolver().cusolverDnCreate(&made), "cusolverDnCreate");
    try {
        check(cusolver().cusolverDnSetStream(made, memory_->stream()), "cusolverDnSetStream");
    } catch (...) {
        (void)cusolver().cusolverDnDestroy(made);
        throw;
    }
    return solver_ = made;
}

syevjInfo_t Lane::jacobi() {
    if (jacobi_) return jacobi_;
    syevjInfo_t made = nullptr;
    check(cusolver().cusolverDnCreateSyevjInfo(&made), "cusolverDnCreateSyevjInfo");
    try {
        check(cusolver().cusolverDnXsyevjSetSortEig(made, 1), "cusolverDnXsyevjSetSortEig");   // tolerance and sweeps: the library's defaults
    } catch (...) {
        (void)cusolver().cusolverDnDestroySyevjInfo(made);
        throw;
    }
    return jacobi_ = made;
}

std::size_t Lane::memory() const {
    const std::size_t share = std::bit_floor(device_memory_) / static_cast<std::size_t>(std::max(options_.sharing, 1));
    return options_.memory > 0 ? std::min(options_.memory, share) : share;
}

std::size_t Lane::workspace() const { return std::min(options_.workspace, memory() / 8) >> halvings_; }

std::shared_ptr<void> Lane::allocate(std::size_t bytes) { return memory_->allocate(bytes); }

void* Lane::scratch(std::size_t bytes) {
    if (bytes > scratch_bytes_ || !scratch_) {
        scratch_.reset();   // work on the stream that uses it comes before the memory is given again
        scratch_bytes_ = 0;
        scratch_ = allocate(bytes);
        scratch_bytes_ = bytes;
    }
    return scratch_.get();
}

void Lane::to_device(const void* host, void* device, std::size_t bytes) { staging_->to_device(host, device, bytes, stream()); }

void Lane::to_host(const void* device, void* host, std::size_t bytes) {
    if (bytes > 0) take(device, host, bytes);
}

void Lane::synchronize() { take(nullptr, nullptr, 0); }   // the fault alone

void Lane::trim() {
    scratch_.reset();
    scratch_bytes_ = 0;
    memory_->trim(kept_idle);
}

void Lane::take(const void* device, void* host, std::size_t bytes) {
    const std::int32_t word = staging_->to_host(device, host, bytes, static_cast<const std::int32_t*>(fault_.get()), stream());
    const auto found = static_cast<device::Fault>(word);
    if (found == device::Fault::none) return;
    clear_fault();
    device::throw_fault(found);
}

void Lane::clear_fault() {
    static_assert(static_cast<std::int32_t>(device::Fault::none) == 0);
    check(cudaMemsetAsync(fault_.get(), 0, sizeof(device::Fault), stream()), "cudaMemsetAsync");
}

}  // namespace assay::engine::cuda
