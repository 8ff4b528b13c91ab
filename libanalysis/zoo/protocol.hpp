#pragma once
// What supervisor and worker say to each other: one JSON object a line, requests on the worker's standard input, replies on
// a descriptor of their own. A worker opens checkpoints and data, computes, and can die; the supervisor does neither.
//
//   request  {"id": 7, "task": "measure", "arguments": {...}}
//   reply    {"id": 7, "progress": 0.5}            any number of times
//            {"id": 7, "item": {...}}              any number of times: finished parts that survive a later crash
//            {"id": 7, "result": {...}}            once, or
//            {"id": 7, "error": {"kind": "format", "where": ..., "expected": ..., "found": ..., "advice": ...}}, with
//                                "device_memory": true where a device was full
//
// A group asks for the same task several times: {"id": 8, "task": "measure_model", "group": [{...}, {...}]}. Each part is
// answered when it is finished, by {"item": {"index": 0, "result": {...}}} or {"item": {"index": 0, "error": {...}}}; the
// group ends at its first error, since a process that failed once is not trusted with the next model: it begins nothing more.
// A worker begins by saying {"ready": true}. Requests wait in its input and are done in their order.

#include "libanalysis/core/context.hpp"
#include "libanalysis/core/json.hpp"

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace assay::zoo {

/// A kind of work that runs in a worker process. One file in tools/tasks/, one row in tools/tasks/tasks.def.
struct Task {
    std::string_view name;
    /// @param item publishes a finished part. Returns the result. Throws Error.
    Json (*run)(const Json& arguments, const Context& context, const std::function<void(const Json&)>& item);
};

/// The worker's loop: reads requests from `in`, runs tasks, writes replies to `out`, until end of file, which also asks a running
/// task to stop. Never throws for a task's failure. `threads` and `memory` bound every task.
int serve(std::span<const Task* const> tasks, int in, int out, int threads, std::size_t memory);

/// What a worker process does: ties its life to its parent's, leaves no core files, and serves standard input. `words` are the
/// arguments that the supervisor gave it.
int worker_main(std::span<const Task* const> tasks, std::span<const std::string> words);

Json error_to_json(const Error& error);
Error error_from_json(const Json& json);
[[noreturn]] void throw_error(const Json& json);   ///< as what it was: a DeviceMemoryError too

struct WorkerLimits {
    double timeout_s = 0;         ///< per request; 0: none
    std::size_t memory = 0;       ///< resident bytes at which the watchdog ends the worker; 0: none
    int threads = 1;
    std::size_t budget = 0;       ///< the worker's Context::memory
};

/// How a request ended. `kind` is "" for a result; an ErrorKind word for a task's own error; crash, timeout, memory, interrupted.
struct Outcome {
    Json result;
    std::string kind;
    std::string reason;
    Json error;   ///< parts, where the task gave them
};

/// Runs one task in a fresh worker process of this program (/proc/self/exe worker ...) and waits: for verbs on single files.
/// @throws Error with the task's own kind, or Error{resource} for a crash, timeout or memory, Error{interrupted} after a stop.
Json run_in_worker(std::string_view task, const Json& arguments, const WorkerLimits& limits,
                   const std::function<void(const Json&)>& item = {}, std::stop_token stop = {},
                   const std::function<void(double fraction)>& progress = {});

}  // namespace assay::zoo
