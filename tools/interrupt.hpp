#pragma once
// SIGINT, SIGTERM and SIGHUP become a stop request: long work ends at its next look, in order, with exit code 75.

#include <pthread.h>
#include <signal.h>

#include <cerrno>
#include <ctime>
#include <stop_token>
#include <thread>

namespace assay::tools {

/// Construct before other threads start: they inherit the blocked signals, so that only the waiting thread sees them.
class Interrupt {
public:
    Interrupt() {
        sigemptyset(&signals_);
        for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
            struct sigaction now {};
            // What was ignored on purpose stays so (nohup): once blocked it would be seen here.
            if (sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN) continue;
            sigaddset(&signals_, number);
        }
        pthread_sigmask(SIG_BLOCK, &signals_, &before_);
        waiter_ = std::jthread([this](std::stop_token ending) {
            while (!ending.stop_requested()) {
                const timespec moment{0, 100'000'000};
                if (sigtimedwait(&signals_, nullptr, &moment) > 0) source_.request_stop();
            }
        });
    }
    ~Interrupt() {
        waiter_.request_stop();
        waiter_.join();
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    std::stop_token token() const { return source_.get_token(); }

private:
    sigset_t signals_{}, before_{};
    std::stop_source source_;
    std::jthread waiter_;
};

}  // namespace assay::tools
