#include "tools/device_list.hpp"

#include "libanalysis/zoo/protocol.hpp"
#include "tools/device.hpp"

#include <cstdlib>

namespace assay::tools {
namespace {

std::optional<std::string> environment(const char* name) {
    const char* const value = std::getenv(name);
    return value ? std::optional<std::string>(value) : std::nullopt;
}

Json ask_worker(std::stop_token stop, const Json& arguments) {
    constexpr double longest_s = 300;   // a driver may be starting, on many devices
    return zoo::run_in_worker("devices", arguments, {.timeout_s = longest_s}, {}, stop);
}

}  // namespace

void heed_scheduler(std::stop_token stop) {
    constexpr int any = 1 << 20;
    if (!devices_of_slurm(environment, any)) return;
    const Json found = ask_worker(stop, {{"only", Json::array()}});   // how many there are
    const auto ours = devices_of_slurm(environment, static_cast<int>(found.at("cuda").at("devices").size()));
    if (!ours) return;
    setenv("CUDA_VISIBLE_DEVICES", ours->c_str(), 1);
    // Slurm counts devices as the bus does, CUDA by default the fastest first.
    setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID", 0);
}

Json list_devices(std::stop_token stop, std::optional<int> only) {
    heed_scheduler(stop);
    return ask_worker(stop, only ? Json{{"only", {*only}}} : Json::object());
}

}  // namespace assay::tools
