#pragma once
// A stand-in for a device that is not the host: the CPU backend behind memory that the host cannot touch, with a record of what passes
// between the two. Whatever reads or writes its vectors other than through the backend ends the program.

#include "libanalysis/core/error.hpp"
#include "libanalysis/engine/forwarding_backend.hpp"

#include <algorithm>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace assay::test {

/// Bytes and calls of one kind of copy; times a primitive ran.
class Traffic {
public:
    struct Copies { std::size_t calls = 0, bytes = 0, largest = 0; };
    void add(const engine::ForwardingBackend::Call& call) {
        const std::lock_guard lock(mutex_);
        ++calls_[std::string(call.primitive)];
        Copies* copies = call.primitive == "download" ? &down_ : call.primitive == "upload" ? &up_ : nullptr;
        if (!copies) return;
        const auto bytes = static_cast<std::size_t>(call.bytes);
        ++copies->calls, copies->bytes += bytes, copies->largest = std::max(copies->largest, bytes);
    }
    void allocate(std::size_t bytes) {
        const std::lock_guard lock(mutex_);
        allocated_ += bytes;
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        down_ = up_ = {};
        calls_.clear();
        allocated_ = 0;
    }
    Copies downloads() const { return down_; }   ///< while no lane runs
    Copies uploads() const { return up_; }
    std::size_t allocated() const { return allocated_; }   ///< bytes, given back or not
    std::size_t calls(const std::string& primitive) const { return calls_.contains(primitive) ? calls_.at(primitive) : 0; }

private:
    std::mutex mutex_;
    Copies down_, up_;
    std::size_t allocated_ = 0;
    std::map<std::string, std::size_t> calls_;
};

class DeviceDouble final : public engine::ForwardingBackend {
public:
    explicit DeviceDouble(std::unique_ptr<engine::Backend> computes = engine::make_cpu_backend(), std::shared_ptr<Traffic> traffic = std::make_shared<Traffic>())
        : ForwardingBackend(std::move(computes)), traffic_(std::move(traffic)) {}
    std::string_view device() const override { return "double:0"; }
    std::unique_ptr<engine::Backend> lane() const override { return std::make_unique<DeviceDouble>(inner().lane(), traffic_); }
    int most_lanes() const override { return 1; }
    engine::Buffer allocate(engine::DType type, std::size_t size) override {
        auto owner = std::make_shared<engine::Buffer>(ForwardingBackend::allocate(type, size));
        traffic_->allocate(owner->bytes());
        void* shown = reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(owner->view().data) + away);
        return {std::shared_ptr<void>(std::move(owner), shown), size, type};
    }
    Traffic& traffic() { return *traffic_; }

protected:
    void around(const Call& call, const std::function<void()>& body) override {
        traffic_->add(call);
        body();
    }
    engine::ConstView in(engine::ConstView view) const override { return {back(view.data), view.size, view.type}; }
    engine::View in(engine::View view) const override { return {back(view.data), view.size, view.type}; }

private:
    static constexpr std::uintptr_t away = std::uintptr_t{1} << 62;   // no address that a process can have
    static void* back(const void* shown) {
        const auto address = reinterpret_cast<std::uintptr_t>(shown);
        if (address == 0) return nullptr;
        if (address < away) throw Error(ErrorKind::internal, {"device double", "memory that it allocated", "memory of the host"});
        return reinterpret_cast<void*>(address - away);
    }

    std::shared_ptr<Traffic> traffic_;
};

}  // namespace assay::test
