#pragma once
// Where a task computes: what its arguments "device" ("cpu", "cuda:1"; absent: the CPU), "precision" ("tf32" among others), "memory"
// (bytes that --memory gave, or null) and "device_workers" (workers that share the device) ask for.

#include "libanalysis/core/context.hpp"
#include "libanalysis/core/json.hpp"
#include "libanalysis/engine/backend.hpp"

#include <functional>
#include <memory>

namespace assay::tools {

/// The execution lane on that device, kept from task to task, so that what it has made serves model after model.
/// @throws Error{unavailable} saying why the device cannot be used.
std::shared_ptr<engine::Backend> worker_backend(const Json& arguments);

/// The precision of buffers: "tf32" computes on float32. @throws Error{usage}
engine::DType precision_argument(const Json& arguments);

/// The context of computing there: on the CPU as given; on a device, memory is the device's (its share of what was free when this
/// process came to it, and no more than "memory"), while what tasks hold on the host stays within the given one.
Context device_context(const Json& arguments, const Context& given);

/// {"device": "cuda:0", "device_description": "cuda: NVIDIA ..., driver ..., cuBLAS ...", "instruction_set", "device_memory_peak_bytes",
/// "device_notes": what this process does there otherwise than it would, in sentences}; on the CPU {"cpu", "cpu", ..., null, []}.
Json device_facts(const Json& arguments);

/// Runs a task on the device with the device's micro-batches; where its memory runs out, again with half their rows, and so on down to a
/// 64th. The result then says so in "device_notes", and a zoo's in its "notes" too, which the store keeps. Between tasks, memory that
/// nothing lies in goes back to the device for others.
using Run = Json (*)(const Json& arguments, const Context& context, const std::function<void(const Json&)>& item);
Json run_within_memory(Run run, const Json& arguments, const Context& context, const std::function<void(const Json&)>& item);
template <Run run>
Json within_memory(const Json& arguments, const Context& context, const std::function<void(const Json&)>& item) {
    return run_within_memory(run, arguments, context, item);
}

}  // namespace assay::tools
