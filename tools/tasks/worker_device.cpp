#include "tools/tasks/worker_device.hpp"

#include "libanalysis/core/instruction_set.hpp"
#include "libanalysis/engine/cuda/cuda.hpp"
#include "tools/device.hpp"
#include "tools/table.hpp"
#include "tools/tasks/open_model.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace assay::tools {
namespace {

/// The index of a CUDA device; nothing: the CPU.
std::optional<int> cuda_index(const Json& arguments) {
    const std::string word = text_argument(arguments, "device");
    const DeviceOption device = parse_device(word.empty() ? "cpu" : word);
    if (device.kind == DeviceOption::Kind::automatic) throw Error(ErrorKind::internal, {"device", "a choice that was made", word});
    if (device.kind == DeviceOption::Kind::cpu) return std::nullopt;
    return device.index.value_or(0);
}

/// A device as it was when this process came to it: later its own buffers would count as taken.
const engine::cuda::Device& cuda_device(int index) {
    static std::map<int, engine::cuda::Device> met;
    if (const auto found = met.find(index); found != met.end()) return found->second;
    try {
        return met.emplace(index, engine::cuda::device(index)).first->second;
    } catch (const Error& error) {
        if (error.kind() != ErrorKind::unavailable) throw;
        const std::string where = "--device cuda:" + std::to_string(index), advice = "`assay devices` tells more; --device cpu needs no device";
        if (const std::string reason = engine::cuda::status(std::vector<int>{}).reason; !reason.empty()) throw Error(ErrorKind::unavailable, {where, "", without_period(reason), advice});
        throw Error(ErrorKind::unavailable, {where, error.parts().expected, without_period(error.parts().found), advice});
    }
}

/// Asked once: a driver takes milliseconds to describe a device.
const std::string& cuda_description(int index) {
    static std::map<int, std::string> asked;
    if (const auto found = asked.find(index); found != asked.end()) return found->second;
    return asked.emplace(index, "cuda: " + engine::cuda::description(index)).first->second;
}

}  // namespace

std::shared_ptr<engine::Backend> worker_backend(const Json& arguments) {
    static std::map<std::pair<int, bool>, std::shared_ptr<engine::Backend>> made;   // a worker serves one task at a time
    const auto index = cuda_index(arguments);
    const bool tf32 = text_argument(arguments, "precision") == "tf32";
    if (tf32 && !index) throw Error(ErrorKind::usage, {"precision", "float32 or float64 on the CPU", "tf32"});
    auto& backend = made[{index.value_or(-1), tf32}];
    if (backend) return backend;
    if (index) {
        cuda_device(*index);
        backend = engine::cuda::make_cuda_backend({.device = *index, .tf32 = tf32});
    } else {
        backend = engine::make_cpu_backend();
    }
    return backend;
}

engine::DType precision_argument(const Json& arguments) {
    const std::string word = text_argument(arguments, "precision");
    if (word.empty() || word == "float32" || word == "tf32") return engine::DType::float32;
    if (word == "float64") return engine::DType::float64;
    throw Error(ErrorKind::usage, {"precision", "float32, float64 or tf32", "\"" + word + "\""});
}

Context device_context(const Json& arguments, const Context& given) {
    Context context = given;
    const auto index = cuda_index(arguments);
    if (!index) return context;
    const Json asked = arguments.value("memory", Json());
    context.memory = device_budget(cuda_device(*index).free, asked.is_number_unsigned() ? asked.get<std::size_t>() : 0, arguments.value("device_workers", 1));
    return context;
}

Json device_facts(const Json& arguments) {
    const auto index = cuda_index(arguments);
    const std::string word = index ? "cuda:" + std::to_string(*index) : "cpu";
    return {{"device", word}, {"device_description", index ? cuda_description(*index) : word}, {"instruction_set", instruction_set()},
            {"device_memory_peak_bytes", index ? Json(engine::cuda::peak_bytes(*index)) : Json()},
            {"device_notes", index ? Json(engine::cuda::notes(*index)) : Json::array()}};
}

}  // namespace assay::tools
