#pragma once
// SIGINT, SIGTERM and SIGHUP become a stop request: long work ends at its next look, in order, with exit code 75.

#include <pthread.h>
#include <signal.h>

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
        sigaddset(&signals_, wake);
        pthread_sigmask(SIG_BLOCK, &signals_, &before_);
        waiter_ = std::jthread([this](std::stop_token ending) {
            while (!ending.stop_requested())
                if (const int number = sigwaitinfo(&signals_, nullptr); number > 0 && number != wake) source_.request_stop();
        });
    }
    ~Interrupt() {
        waiter_.request_stop();
        pthread_kill(waiter_.native_handle(), wake);   // a tenth of a second of every verb, were it to look now and then
        waiter_.join();
        pthread_sigmask(SIG_SETMASK, &before_, nullptr);
    }
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    std::stop_token token() const { return source_.get_token(); }

private:
    static constexpr int wake = SIGURG;   // ignored where nobody waits for it
    sigset_t signals_{}, before_{};
    std::stop_source source_;
    std::jthread waiter_;
};

}  // namespace assay::tools
