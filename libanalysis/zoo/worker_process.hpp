#pragma once
// One worker process as its supervisor sees it: started by exec, spoken to by lines, watched, killed without asking.

#include "libanalysis/zoo/protocol.hpp"

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace assay::zoo {

class WorkerProcess {
public:
    using Clock = std::chrono::steady_clock;

    /// Starts `/proc/self/exe worker ...`. Its standard output and error are kept apart from ours: what libraries print there
    /// ends as the tail of a crash's reason. @throws Error{resource} when no process can be started.
    explicit WorkerProcess(const WorkerLimits& limits);
    ~WorkerProcess();   ///< kills what still lives
    WorkerProcess(const WorkerProcess&) = delete;
    WorkerProcess& operator=(const WorkerProcess&) = delete;

    bool send(const Json& request);            ///< false when it is gone
    std::vector<Json> replies();               ///< what has arrived; never waits. A line that is no JSON ends the worker.
    bool ended() const { return ended_; }      ///< its replies have come to an end
    void kill();

    std::size_t resident_bytes() const;        ///< 0 when unknown
    /// How it ended, in words: "signal 11 (SIGSEGV)", "exit code 3", with what it last printed.
    std::string last_words();
    /// It was killed by somebody else: an operator, or the kernel when memory ran out. Says nothing of the file it was reading.
    bool killed_from_outside();

    int reply_descriptor() const { return replies_; }
    int print_descriptor() const { return prints_; }
    pid_t pid() const { return pid_; }

private:
    void reap();
    void read_prints();
    pid_t pid_ = -1;
    int requests_ = -1, replies_ = -1, prints_ = -1;
    bool ended_ = false, reaped_ = false, killed_by_us_ = false;
    int status_ = 0;
    std::string partial_, printed_, confusion_;
};

/// "timeout", "memory" or "" (all well): what the watchdog says of a request that runs since `since`, with its reason.
struct Verdict { std::string kind, reason; };
Verdict watch(const WorkerProcess& worker, const WorkerLimits& limits, WorkerProcess::Clock::time_point since);

}  // namespace assay::zoo
