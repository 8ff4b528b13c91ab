#pragma once
// What a CudaBackend works with: the device, its stream, memory in the stream's order, pinned memory for copies, library handles.

#include "libanalysis/engine/cuda/cuda.hpp"
#include "libanalysis/engine/cuda/libraries.hpp"
#include "libanalysis/engine/device/faults.hpp"

#include <cuda_runtime_api.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>

namespace assay::engine::cuda {

class Cudnn;     // convolutions by cuDNN: cudnn.hpp
class Memory;    // stream and pool, which outlive the lane while a buffer is left: memory.hpp
class Staging;   // pinned memory: staging.hpp

class Lane {
public:
    explicit Lane(const Options& options);   ///< @throws Error{unavailable}, Error{resource}
    ~Lane();
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;

    const Options& options() const { return options_; }
    const std::string& name() const { return name_; }   ///< "cuda:0"
    /// The stream; makes its device the calling thread's current one, which kernels and libraries ask for. Take it anew for each call.
    cudaStream_t stream() const;
    cublasHandle_t blas() const;   ///< on the stream, scalars on the host, with a workspace of its own; the same holds
    /// On the stream; made at the first call, as is what batched decompositions are told. @throws Error{unavailable} without cuSOLVER.
    cusolverDnHandle_t solver();
    syevjInfo_t jacobi();
    Cudnn* cudnn() const { return cudnn_.get(); }   ///< null where the options do without
    /// Bytes that micro-batches and workspaces are made for: a share of the class of the device, its memory down to a power of two (an
    /// "80 GB" device is of class 64 GiB, "24 GB" of 16), and no more than the options say.
    std::size_t memory() const;
    std::size_t workspace() const;   ///< bytes for unrolled windows and libraries: the options', at most an eighth of memory(), halved as micro-batches are
    int halvings() const { return halvings_; }
    void set_halvings(int times) { halvings_ = times; }

    /// Device memory in the stream's order: given back when the last owner goes, after what was put on the stream before. It may
    /// outlive the lane. @throws Error{resource}
    std::shared_ptr<void> allocate(std::size_t bytes);
    /// Scratch for one primitive, at least `bytes`: valid until the next call. Later work on the stream may reuse it.
    void* scratch(std::size_t bytes);
    /// A word of device memory, none until a functor finds an index that is outside its array. to_host and synchronize read it, throw
    /// what device::throw_fault says of it, and make it none again.
    device::Fault* fault() const { return static_cast<device::Fault*>(fault_.get()); }
    /// Copies through pinned memory. `to_device` returns when `host` may be written again; `to_host` when the values are there.
    void to_device(const void* host, void* device, std::size_t bytes);
    void to_host(const void* device, void* host, std::size_t bytes);
    void synchronize();
    /// Waits, and gives what lies unused back to the device, down to what small networks need.
    void trim();

private:
    void clear_fault();
    void take(const void* device, void* host, std::size_t bytes);

    Options options_;
    std::string name_;
    std::size_t device_memory_ = 0;
    std::shared_ptr<Memory> memory_;
    std::unique_ptr<Staging> staging_;
    std::unique_ptr<Cudnn> cudnn_;
    std::shared_ptr<void> scratch_, blas_workspace_, fault_;
    std::size_t scratch_bytes_ = 0;
    std::atomic<int> halvings_ = 0;
    cublasHandle_t blas_ = nullptr;
    cusolverDnHandle_t solver_ = nullptr;
    syevjInfo_t jacobi_ = nullptr;
};

}  // namespace assay::engine::cuda
