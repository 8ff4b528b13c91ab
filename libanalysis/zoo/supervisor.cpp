#include "libanalysis/zoo/supervisor.hpp"

#include "libanalysis/zoo/worker_process.hpp"

#include <poll.h>

#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <utility>

namespace assay::zoo {
namespace {

using Clock = WorkerProcess::Clock;
constexpr double longest_start_s = 60;
constexpr int most_kills = 3;   // a job whose process is killed from outside so often is left as failed
constexpr double quick_s = 0.02;   // a group of jobs that take less each is sent before the one in front of it is finished

struct Slot {
    std::unique_ptr<WorkerProcess> process;
    bool ready = false;
    std::size_t served = 0;                // jobs that this process has finished
    std::vector<std::size_t> group;        // the request in flight; empty: idle
    std::vector<std::size_t> next;         // the request that waits in its input
    std::size_t position = 0;              // in the group: the job that runs now
    int id = 0, next_id = 0;
    bool quick = false;                    // the job before was
    Clock::time_point since{};
    bool busy() const { return !group.empty(); }
};

class Supervisor {
public:
    Supervisor(std::string_view task, const std::vector<Job>& jobs, const SupervisorOptions& options, const SupervisorEvents& events)
        : task_(task), jobs_(jobs), options_(options), events_(events) {
        for (std::size_t i = 0; i < jobs.size(); ++i) queue_.push_back(i);
        slots_.resize(std::min<std::size_t>(static_cast<std::size_t>(std::max(1, options.workers)), jobs.size()));
    }

    bool run(std::stop_token stop) {
        while (finished_ < jobs_.size()) {
            if (stop.stop_requested()) return false;
            for (Slot& slot : slots_)
                if (!slot.busy()) give(slot);
                else if (slot.ready && slot.quick && slot.next.empty() && alone_.empty() && !queue_.empty()) give_early(slot);
            wait();
            for (Slot& slot : slots_)
                if (slot.process) listen(slot);
            if (events_.tick) events_.tick();
        }
        return true;
    }

private:
    void give(Slot& slot) {
        if (!alone_.empty()) {
            if (slot.process && slot.served > 0) replace(slot);
            slot.group = {alone_.front()};
            alone_.pop_front();
        } else if (!queue_.empty()) {
            slot.group = take_group();
        } else {
            return;
        }
        if (!slot.process) replace(slot);
        begin(slot, send(slot, slot.group));
    }

    void give_early(Slot& slot) {
        slot.next = take_group();
        slot.next_id = send(slot, slot.next);
    }

    std::vector<std::size_t> take_group() {
        const std::size_t fair = std::max<std::size_t>(1, queue_.size() / (4 * slots_.size()));
        std::uint64_t weight = 0;
        std::vector<std::size_t> group;
        while (!queue_.empty() && group.size() < std::min(fair, options_.group_jobs)) {
            weight += jobs_[queue_.front()].weight;
            if (!group.empty() && weight > options_.group_weight) break;
            group.push_back(queue_.front());
            queue_.pop_front();
        }
        return group;
    }

    int send(Slot& slot, const std::vector<std::size_t>& jobs) {
        Json group = Json::array();
        for (const std::size_t job : jobs) {
            group.push_back(jobs_[job].arguments);
            if (const auto& own = options_.worker_arguments; !own.empty()) group.back().update(own[static_cast<std::size_t>(&slot - slots_.data()) % own.size()]);
        }
        slot.process->send({{"id", ++last_id_}, {"task", task_}, {"group", std::move(group)}});   // a dead one is noticed when listening
        return last_id_;
    }

    static void begin(Slot& slot, int id) {
        slot.position = 0;
        slot.id = id;
        slot.since = Clock::now();
    }

    void replace(Slot& slot) {
        slot.process.reset();   // one life at a time: the old one's memory is free before the new one starts
        slot.process = std::make_unique<WorkerProcess>(options_.limits);
        slot.ready = slot.quick = false;
        slot.served = 0;
    }

    void wait() {
        std::vector<pollfd> descriptors;
        for (const Slot& slot : slots_)
            if (slot.process && slot.busy()) {
                descriptors.push_back({slot.process->reply_descriptor(), POLLIN, 0});
                descriptors.push_back({slot.process->print_descriptor(), POLLIN, 0});
            }
        poll(descriptors.data(), descriptors.size(), 50);
    }

    void listen(Slot& slot) {
        for (const Json& reply : slot.process->replies()) {
            if (reply.contains("ready")) {
                slot.ready = true;
                failed_starts_ = 0;
                slot.since = Clock::now();
                continue;
            }
            if (!slot.busy() || reply.value("id", Json()) != Json(slot.id)) continue;
            if (reply.contains("error")) return fail(slot, error_outcome(reply.at("error")));
            if (reply.contains("item") && !accept(slot, reply.at("item"))) return;
            if (reply.contains("result")) {
                if (slot.position < slot.group.size()) return fail(slot, {{}, "crash", "the worker left a job unanswered", {}});
                slot.group = std::exchange(slot.next, {});
                begin(slot, slot.next_id);
            }
        }
        if (slot.process->ended()) {
            if (!slot.busy()) { slot.process.reset(); return; }
            if (!slot.ready) return not_started(slot, slot.process->last_words());
            if (slot.process->killed_from_outside() && ++kills_[slot.group[slot.position]] < most_kills) return again(slot);
            return fail(slot, {{}, "crash", "the worker process ended: " + slot.process->last_words(), {}});
        }
        if (!slot.busy()) return;
        if (!slot.ready) {
            if (std::chrono::duration<double>(Clock::now() - slot.since).count() > longest_start_s) not_started(slot, "no sign of life within a minute");
            return;
        }
        if (const Verdict verdict = watch(*slot.process, options_.limits, slot.since); !verdict.kind.empty()) fail(slot, {{}, verdict.kind, verdict.reason, {}});
    }

    static Outcome error_outcome(const Json& json) {
        const Error error = error_from_json(json);
        return {{}, std::string(to_string(error.kind())), error.what(), json};
    }

    // One finished job of a group; false when the worker is replaced.
    bool accept(Slot& slot, const Json& item) {
        if (item.value("index", std::size_t{0}) != slot.position || slot.position >= slot.group.size()) {
            fail(slot, {{}, "crash", "the worker answered out of order", {}});
            return false;
        }
        if (item.contains("error")) {
            fail(slot, error_outcome(item.at("error")));
            return false;
        }
        const auto now = Clock::now();
        slot.quick = std::chrono::duration<double>(now - slot.since).count() < quick_s;
        finish(slot.group[slot.position], {item.value("result", Json()), "", "", {}}, slot);
        ++slot.position;
        ++slot.served;
        slot.since = now;
        return true;
    }

    void finish(std::size_t job, Outcome outcome, const Slot& slot) {
        ++finished_;
        if (events_.done) events_.done(job, std::move(outcome), std::chrono::duration<double>(Clock::now() - slot.since).count());
    }

    void fail(Slot& slot, Outcome outcome) {
        const std::size_t suspect = slot.group[std::min(slot.position, slot.group.size() - 1)];
        give_back(slot, slot.position + 1);
        if (slot.served == 0) finish(suspect, std::move(outcome), slot);
        else alone_.push_back(suspect);
        abandon(slot);
    }

    // The job that ran is tried again alone; nothing is held against it.
    void again(Slot& slot) {
        give_back(slot, slot.position + 1);
        alone_.push_back(slot.group[slot.position]);
        abandon(slot);
    }

    void not_started(Slot& slot, const std::string& why) {
        if (++failed_starts_ >= 3)
            throw Error(ErrorKind::internal, {"worker", "a process that starts", why, "Run `assay --version`; if that works, please report this"});
        give_back(slot, slot.position);
        abandon(slot);
    }

    // What waits, and what is in flight from the given place on, in the order in which it was taken.
    void give_back(const Slot& slot, std::size_t from) {
        queue_.insert(queue_.begin(), slot.next.begin(), slot.next.end());
        for (std::size_t i = slot.group.size(); i > from; --i) queue_.push_front(slot.group[i - 1]);
    }

    static void abandon(Slot& slot) {
        slot.group.clear();
        slot.next.clear();
        slot.process.reset();
    }

    std::string task_;
    const std::vector<Job>& jobs_;
    const SupervisorOptions& options_;
    const SupervisorEvents& events_;
    std::vector<Slot> slots_;
    std::deque<std::size_t> queue_, alone_;   // alone_: to be the first job of a fresh process
    std::size_t finished_ = 0;
    std::map<std::size_t, int> kills_;        // how often a job's process was killed from outside
    int last_id_ = 0, failed_starts_ = 0;
};

}  // namespace

bool supervise(std::string_view task, const std::vector<Job>& jobs, const SupervisorOptions& options, const SupervisorEvents& events, std::stop_token stop) {
    return Supervisor(task, jobs, options, events).run(stop);
}

}  // namespace assay::zoo
