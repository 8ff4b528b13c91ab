#pragma once
// Backend on one CUDA device: one stream, a stream-ordered pool, cuBLAS for products, the functors of engine/device for the rest.
// Calls put work on the stream and return; download, dot and dots wait for it. All lanes of one backend share its stream.

#include "libanalysis/engine/cuda/cuda.hpp"
#include "libanalysis/engine/views.hpp"

#include <cuda_runtime_api.h>

#include <memory>
#include <string>

namespace assay::engine::cuda {

class Lane;   // stream, pool, pinned staging, library handles, scratch: lane.hpp

class CudaBackend final : public Backend {
public:
    explicit CudaBackend(std::shared_ptr<Lane> lane);
    ~CudaBackend() override;
    std::string_view device() const override;
    std::unique_ptr<Backend> lane() const override;
    MicroBatches micro_batches() const override;
    void halve_micro_batches(int times) override;
    void give_back_memory() override;
    int most_lanes() const override { return 1; }
    void synchronize() override;

#include "libanalysis/engine/primitive_overrides.def"

private:
    std::shared_ptr<Lane> lane_;
};

}  // namespace assay::engine::cuda
