// The program's tasks on the host twin of a CUDA machine: stands in for tools/tasks/tasks.cpp in a program that is linked with the twin.
// ASSAY_TWIN says which machine: {"devices": [{"name": "A", "memory": 1073741824, "taken": 0}], "launches": 1000}, the last being the kernels that a
// process may run before its device breaks; "spoiled": ["cudnnConvolutionForward"] names functions that compute something else. Results
// have "twin_calls": how often each function of CUDA was called. A task whose use of CUDA the twin finds fault with fails.

#include "libanalysis/core/json.hpp"
#include "tests/twin/twin.hpp"
#include "tools/tasks/tasks.hpp"

#include <cstdlib>
#include <vector>

namespace assay::tools {

#define TASK(id) extern const zoo::Task id;
namespace tasks {
#include "tools/tasks/tasks.def"
}
#undef TASK

namespace {

namespace twin = test::twin;

void start_machine() {
    const char* const words = std::getenv("ASSAY_TWIN");
    const Json machine = words ? parse_json(words, "ASSAY_TWIN") : Json::object();
    std::vector<twin::Device> devices;
    for (const Json& one : machine.value("devices", Json{{{"name", "Twin GPU"}}})) {
        twin::Device device;
        device.name = one.value("name", device.name);
        device.memory = one.value("memory", device.memory);
        device.taken = one.value("taken", device.taken);
        devices.push_back(device);
    }
    twin::restart(devices);
    for (const Json& function : machine.value("spoiled", Json::array())) twin::spoil(function.get<std::string>());
    if (machine.contains("launches")) twin::break_device_after(machine.at("launches").get<std::uint64_t>());
}

using Item = std::function<void(const Json&)>;

Json checked(const zoo::Task& task, const Json& arguments, const Context& context, const Item& item) {
    static const bool started = (start_machine(), true);
    (void)started;
    Json result = task.run(arguments, context, item);
    result["twin_calls"] = twin::calls();
    if (const auto faults = twin::take_faults(); !faults.empty()) throw Error(ErrorKind::internal, {"twin", "", faults.front()});
    return result;
}

#define TASK(id) \
    Json on_twin_##id(const Json& arguments, const Context& context, const Item& item) { return checked(tasks::id, arguments, context, item); }
#include "tools/tasks/tasks.def"
#undef TASK

}  // namespace

std::span<const zoo::Task* const> all_tasks() {
#define TASK(id) static const zoo::Task id##_task{tasks::id.name, on_twin_##id};
#include "tools/tasks/tasks.def"
#undef TASK
#define TASK(id) &id##_task,
    static const std::vector<const zoo::Task*> all{
#include "tools/tasks/tasks.def"
    };
#undef TASK
    return all;
}

}  // namespace assay::tools
