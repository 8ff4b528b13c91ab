#pragma once
// The CPU's lane. Its members are defined by subject: memory.cpp, vectors.cpp, matrices.cpp, reductions.cpp, maps.cpp,
// eigenvalues.cpp, convolution.cpp, pooling.cpp, moving.cpp.

#include "libanalysis/engine/backend.hpp"
#include "libanalysis/engine/cpu/lane_state.hpp"

namespace assay::engine::cpu {

class CpuBackend final : public Backend {
public:
    explicit CpuBackend(std::shared_ptr<LanePool> pool) : pool_(std::move(pool)), state_(pool_->take()) {}
    ~CpuBackend() override { pool_->give(std::move(state_)); }
    CpuBackend(const CpuBackend&) = delete;
    CpuBackend& operator=(const CpuBackend&) = delete;

    std::string_view device() const override { return "cpu"; }
    std::unique_ptr<Backend> lane() const override { return std::make_unique<CpuBackend>(pool_); }

#include "libanalysis/engine/primitive_overrides.def"

private:
    std::shared_ptr<LanePool> pool_;
    std::unique_ptr<LaneState> state_;
};

}  // namespace assay::engine::cpu
