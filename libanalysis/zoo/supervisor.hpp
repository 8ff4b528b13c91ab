#pragma once
// Runs one task over many arguments in worker processes. What a checkpoint can do (crash, hang, eat memory) costs its own
// outcome and nothing else.

#include "libanalysis/zoo/protocol.hpp"

#include <stop_token>
#include <vector>

namespace assay::zoo {

struct Job {
    Json arguments;
    std::uint64_t weight = 0;   ///< bytes of its files: small jobs travel in groups
};

struct SupervisorOptions {
    int workers = 1;
    WorkerLimits limits{};             ///< timeout_s: per job
    std::vector<Json> worker_arguments{};   ///< worker i gets those of [i mod size] on top of each job's own: its device
    std::size_t group_jobs = 16;       ///< at most so many in a request
    std::uint64_t group_weight = std::uint64_t{16} << 20;
};

struct SupervisorEvents {
    std::function<void(std::size_t job, Outcome outcome, double seconds)> done;   ///< once a job, in the order they finish
    std::function<void()> tick;                                                   ///< after every round, at least 20 times a second
};

/// Runs every job. A failure counts only when it is the first thing that its process did: otherwise the job is tried again in a
/// fresh process, so that outcomes do not depend on what ran before in the same one. After any failure the process is replaced.
/// A worker with quick jobs has its next ones waiting in its input, so that it need not wait for us; what it has not begun when it ends
/// goes back to the others, and a job's time begins with its own work.
/// @return false when stopped: running workers are killed, their jobs have no outcome.
/// @throws Error{internal} when workers do not start at all.
bool supervise(std::string_view task, const std::vector<Job>& jobs, const SupervisorOptions& options, const SupervisorEvents& events, std::stop_token stop);

}  // namespace assay::zoo
