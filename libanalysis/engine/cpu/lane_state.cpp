#include "libanalysis/engine/cpu/lane_state.hpp"

#include "libanalysis/engine/cpu/onednn_convolution.hpp"

namespace assay::engine::cpu {

LaneState::LaneState() : convolutions(std::make_unique<OneDnnConvolutions>()) {}
LaneState::~LaneState() = default;

std::unique_ptr<LaneState> LanePool::take() {
    {
        const std::lock_guard lock(mutex_);
        if (!free_.empty()) {
            auto state = std::move(free_.back());
            free_.pop_back();
            return state;
        }
    }
    return std::make_unique<LaneState>();
}

void LanePool::give(std::unique_ptr<LaneState> state) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(state));
}

}  // namespace assay::engine::cpu
