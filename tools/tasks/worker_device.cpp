#include "tools/tasks/worker_device.hpp"

#include "libanalysis/core/instruction_set.hpp"
#include "libanalysis/engine/cuda/cuda.hpp"
#include "tools/device.hpp"
#include "tools/table.hpp"
#include "tools/tasks/open_model.hpp"

#include <fmt/format.h>

#include <map>
#include <string>
#include <tuple>
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

/// Bytes that --memory gave; 0: none.
std::size_t asked_memory(const Json& arguments) {
    const Json asked = arguments.value("memory", Json());
    return asked.is_number_unsigned() ? asked.get<std::size_t>() : 0;
}

int sharing_workers(const Json& arguments) { return arguments.value("device_workers", 1); }

}  // namespace

std::shared_ptr<engine::Backend> worker_backend(const Json& arguments) {
    using Made = std::tuple<int, bool, std::size_t, int>;
    static std::map<Made, std::shared_ptr<engine::Backend>> made;   // a worker serves one task at a time, and is asked for one of them
    const auto index = cuda_index(arguments);
    const bool tf32 = text_argument(arguments, "precision") == "tf32";
    if (tf32 && !index) throw Error(ErrorKind::usage, {"precision", "float32 or float64 on the CPU", "tf32"});
    const std::size_t memory = index ? asked_memory(arguments) : 0;
    const int sharing = index ? sharing_workers(arguments) : 1;
    auto& backend = made[{index.value_or(-1), tf32, memory, sharing}];
    if (backend) return backend;
    if (index) {
        cuda_device(*index);
        backend = engine::cuda::make_cuda_backend({.device = *index, .tf32 = tf32, .memory = memory, .sharing = sharing});
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
    context.memory = device_budget(cuda_device(*index).free, asked_memory(arguments), sharing_workers(arguments));
    return context;
}

Json device_facts(const Json& arguments) {
    const auto index = cuda_index(arguments);
    const std::string word = index ? "cuda:" + std::to_string(*index) : "cpu";
    return {{"device", word}, {"device_description", index ? cuda_description(*index) : word}, {"instruction_set", instruction_set()},
            {"device_memory_peak_bytes", index ? Json(engine::cuda::peak_bytes(*index)) : Json()},
            {"device_notes", index ? Json(engine::cuda::notes(*index)) : Json::array()}};
}

Json run_within_memory(Run run, const Json& arguments, const Context& context, const std::function<void(const Json&)>& item) {
    const auto index = cuda_index(arguments);
    if (!index) return run(arguments, context, item);
    const auto backend = worker_backend(arguments);
    constexpr int most_halvings = 6;
    std::string full;
    for (int halvings = 0;; ++halvings) {
        backend->halve_micro_batches(halvings);
        try {
            Json result = run(arguments, context, item);
            if (halvings > 0) {
                const std::string words = fmt::format("micro-batches have 1/{} of their rows, since the memory of cuda:{} ran out ({})", 1 << halvings, *index, without_period(full));
                result["device_notes"].push_back(words);
                if (arguments.contains("device_workers")) result["notes"].push_back(words);
            }
            backend->give_back_memory();
            return result;
        } catch (const DeviceMemoryError& error) {
            if (halvings == most_halvings) throw;
            full = fmt::format("{}, {}", error.parts().expected, error.parts().found);
        }
        backend->give_back_memory();   // all that the task held is gone by now
    }
}

}  // namespace assay::tools
