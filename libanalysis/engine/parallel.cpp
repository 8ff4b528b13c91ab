#include "libanalysis/engine/parallel.hpp"

#include "libanalysis/engine/backend.hpp"

#include <omp.h>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace assay::engine {

SerialLibraries::SerialLibraries() : before_(omp_get_max_threads()) {
    if (before_ != 1) make_thread_serial();
}
SerialLibraries::~SerialLibraries() {
    if (before_ != 1) omp_set_num_threads(before_);
}

int lanes_for(const Context& context, std::int64_t count) {
    return static_cast<int>(std::clamp<std::int64_t>(context.threads, 1, std::max<std::int64_t>(count, 1)));
}

namespace detail {

namespace {

void report(const Context& context, std::int64_t done, std::int64_t count) {
    if (context.on_progress) context.on_progress(static_cast<double>(done) / static_cast<double>(count));
}

using Work = std::function<std::shared_ptr<void>(int, std::int64_t)>;
using Commit = std::function<void(std::int64_t, void*)>;

/// The state that the threads of one call share. Items are claimed in order, so below a failed item everything is under way.
class Run {
public:
    Run(const Context& context, std::int64_t count, int threads, const Work& work, const Commit& commit)
        : context_(context), end_(count), count_(count), slots_(static_cast<std::size_t>(threads) + 2), work_(work), commit_(commit) {}

    void serve(int lane) {
        while (const std::optional<std::int64_t> i = claim()) {
            try {
                context_.check_stop();
                std::shared_ptr<void> result = work_(lane, *i);
                store(*i, std::move(result));
            } catch (...) {
                fail(*i, std::current_exception());
            }
            commit_ready();
        }
    }

    void finish() const {
        if (failure_) std::rethrow_exception(failure_);
    }

private:
    std::shared_ptr<void>& slot(std::int64_t i) { return slots_[static_cast<std::size_t>(i) % slots_.size()]; }

    std::optional<std::int64_t> claim() {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [&] { return next_ >= end_ || next_ - committed_ < static_cast<std::int64_t>(slots_.size()); });
        if (next_ >= end_) return std::nullopt;
        return next_++;
    }

    void store(std::int64_t i, std::shared_ptr<void> result) {
        const std::lock_guard lock(mutex_);
        slot(i) = std::move(result);
    }

    void fail(std::int64_t i, std::exception_ptr failure) {
        const std::lock_guard lock(mutex_);
        if (i >= end_) return;   // a lower one failed before
        end_ = i;                // nothing from here on is claimed or committed
        failure_ = std::move(failure);
        room_.notify_all();
    }

    /// Commits what is next in order, unless another thread is at it: that one will see what we stored.
    void commit_ready() {
        std::unique_lock lock(mutex_);
        if (committing_) return;
        committing_ = true;
        while (committed_ < end_ && slot(committed_)) {
            const std::int64_t i = committed_;
            std::shared_ptr<void> result = std::move(slot(i));
            slot(i).reset();
            lock.unlock();
            std::exception_ptr failure;
            try {
                commit_(i, result.get());
                result.reset();
                report(context_, i + 1, count_);
            } catch (...) {
                failure = std::current_exception();
            }
            if (failure) fail(i, std::move(failure));
            lock.lock();
            if (end_ > i) ++committed_;
            room_.notify_all();
        }
        committing_ = false;
    }

    const Context& context_;
    std::mutex mutex_;
    std::condition_variable room_;
    std::int64_t next_ = 0, committed_ = 0, end_, count_;
    bool committing_ = false;
    std::vector<std::shared_ptr<void>> slots_;   // a ring: item i waits at i modulo its size
    std::exception_ptr failure_;
    const Work& work_;
    const Commit& commit_;
};

}  // namespace

void ordered_parallel(const Context& context, std::int64_t count, const Work& work, const Commit& commit) {
    const SerialLibraries serial;
    const int threads = lanes_for(context, count);
    if (threads == 1) {
        for (std::int64_t i = 0; i < count; ++i) {
            context.check_stop();
            const std::shared_ptr<void> result = work(0, i);
            commit(i, result.get());
            report(context, i + 1, count);
        }
        return;
    }
    Run run(context, count, threads, work, commit);
    {
        std::vector<std::jthread> others;
        for (int lane = 1; lane < threads; ++lane) {
            others.emplace_back([&run, lane] {
                make_thread_serial();
                run.serve(lane);
            });
        }
        run.serve(0);
    }
    run.finish();
}

}  // namespace detail

}  // namespace assay::engine
