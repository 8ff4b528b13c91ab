#pragma once
// A backend that adds up calls, seconds, flops and bytes of another one's primitives under a label.

#include "libanalysis/engine/forwarding_backend.hpp"

#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace assay::bench {

using namespace engine;

struct Cost {
    double calls = 0, seconds = 0;
    double flops = 0, bytes = 0;   ///< as ForwardingBackend::Call counts them
};

/// What the lanes of a TimedBackend add up together. Keys are cheap to make; words are for printing.
class Ledger {
public:
    struct Key {
        std::string_view primitive;
        std::array<std::int64_t, 9> shape{};   ///< as in ForwardingBackend::Call
        auto operator<=>(const Key&) const = default;
    };
    void add(const Key& key, const Cost& cost) {
        const std::lock_guard lock(mutex_);
        Cost& sum = costs_[key];
        sum.calls += cost.calls, sum.seconds += cost.seconds, sum.flops += cost.flops, sum.bytes += cost.bytes;
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        costs_.clear();
    }
    const std::map<Key, Cost>& costs() const { return costs_; }   ///< while no lane runs

    /// "conv 16->16 3x3 32x32 forward", "gemm NT 256x128x784 x16", "axpy".
    static std::string label(const Key& key) {
        const auto n = [&](std::size_t i) { return std::to_string(key.shape[i]); };
        if (key.primitive.starts_with("gemm")) return std::string(key.primitive) + " " + n(0) + "x" + n(1) + "x" + n(2) + (key.shape[3] > 1 ? " x" + n(3) : "");
        if (!key.primitive.starts_with("conv_")) return std::string(key.primitive);
        std::string words = "conv " + n(0) + "->" + n(1) + " " + n(2) + "x" + n(3) + " " + n(4) + "x" + n(5);
        if (key.shape[6] != 1 || key.shape[7] != 1) words += " /" + n(6) + "x" + n(7);
        if (key.shape[8] != 1) words += " groups " + n(8);
        return words + " " + std::string(key.primitive.substr(5));
    }

private:
    std::mutex mutex_;
    std::map<Key, Cost> costs_;
};

class TimedBackend final : public ForwardingBackend {
public:
    TimedBackend(std::unique_ptr<Backend> timed, std::shared_ptr<Ledger> ledger) : ForwardingBackend(std::move(timed)), ledger_(std::move(ledger)) {}
    std::unique_ptr<Backend> lane() const override { return std::make_unique<TimedBackend>(inner().lane(), ledger_); }

protected:
    void around(const Call& call, const std::function<void()>& body) override {
        const auto start = std::chrono::steady_clock::now();
        body();
        ledger_->add({call.primitive, call.shape}, {1, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), call.flops, call.bytes});
    }

private:
    std::shared_ptr<Ledger> ledger_;
};

}  // namespace assay::bench
