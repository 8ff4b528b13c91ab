// What can compute on this machine: the CPU, and each CUDA device. In a worker, since asking a driver can hang or crash, and because the
// process that starts workers never touches CUDA. "only": the devices whose free memory is wanted; without it, all of them.

#include "libanalysis/core/context.hpp"
#include "libanalysis/core/instruction_set.hpp"
#include "libanalysis/engine/cuda/cuda.hpp"
#include "libanalysis/zoo/protocol.hpp"

#include <cstdlib>

namespace assay::tools::tasks {
namespace {

Json device_to_json(const engine::cuda::Device& device) {
    return {{"device", "cuda:" + std::to_string(device.index)}, {"index", device.index}, {"name", device.name}, {"bus", device.bus}, {"uuid", device.uuid},
            {"compute_capability", std::to_string(device.major) + "." + std::to_string(device.minor)}, {"processors", device.processors},
            {"memory", device.memory}, {"free", device.free}};
}

Json run(const Json& arguments, const Context&, const std::function<void(const Json&)>&) {
    const engine::cuda::Status status = engine::cuda::status(
        arguments.contains("only") ? std::optional(arguments.at("only").get<std::vector<int>>()) : std::nullopt);
    const char* const visible = std::getenv("CUDA_VISIBLE_DEVICES");
    Json devices = Json::array();
    for (const engine::cuda::Device& device : status.devices) devices.push_back(device_to_json(device));
    return {{"cpu", {{"processors", usable_processors()}, {"instruction_set", instruction_set()}, {"memory", usable_memory()}}},
            {"cuda", {{"usable", status.reason.empty()}, {"reason", status.reason}, {"built", status.built}, {"architectures", status.architectures},
                      {"driver", status.driver}, {"runtime", status.runtime}, {"cublas", status.cublas}, {"cusolver", status.cusolver}, {"cudnn", status.cudnn},
                      {"cudnn_reason", status.cudnn_reason}, {"visible", visible ? Json(visible) : Json()}, {"devices", std::move(devices)}}}};
}

}  // namespace

extern const zoo::Task devices{"devices", run};

}  // namespace assay::tools::tasks
