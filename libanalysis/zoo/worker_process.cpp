#include "libanalysis/zoo/worker_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <thread>

extern char** environ;

namespace assay::zoo {
namespace {

constexpr int reply_number = 3;               // the worker's descriptor for replies
constexpr std::size_t longest_reply = std::size_t{1} << 28;
constexpr std::size_t kept_print = 4096;

struct Actions {
    posix_spawn_file_actions_t value;
    Actions() { posix_spawn_file_actions_init(&value); }
    ~Actions() { posix_spawn_file_actions_destroy(&value); }
};
struct Attributes {
    posix_spawnattr_t value;
    Attributes() { posix_spawnattr_init(&value); }
    ~Attributes() { posix_spawnattr_destroy(&value); }
};

void close_if_open(int& descriptor) {
    if (descriptor >= 0) close(descriptor);
    descriptor = -1;
}

std::string mebibytes(std::size_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

}  // namespace

WorkerProcess::WorkerProcess(const WorkerLimits& limits) {
    int requests[2] = {-1, -1}, replies[2] = {-1, -1}, prints[2] = {-1, -1};
    const auto fail = [&](int why) {
        for (int* pair : {requests, replies, prints}) close_if_open(pair[0]), close_if_open(pair[1]);
        throw Error(ErrorKind::resource, {"worker", "a process that starts", std::strerror(why), "Lower -j, or raise the limit on processes"});
    };
    // A socket, not a pipe: writing to a worker that died must not raise SIGPIPE in a program whose signals are not ours.
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, requests) != 0 || pipe2(replies, O_CLOEXEC) != 0 || pipe2(prints, O_CLOEXEC) != 0) fail(errno);

    // Descriptors land on 0..3; high copies keep the sources clear of those numbers.
    std::array<int, 3> high{};
    for (std::size_t i = 0; i < 3; ++i) high[i] = fcntl(std::array{requests[1], replies[1], prints[1]}[i], F_DUPFD_CLOEXEC, 10);
    Actions actions;
    posix_spawn_file_actions_adddup2(&actions.value, high[0], 0);
    posix_spawn_file_actions_adddup2(&actions.value, high[2], 1);
    posix_spawn_file_actions_adddup2(&actions.value, high[2], 2);
    posix_spawn_file_actions_adddup2(&actions.value, high[1], reply_number);

    // An interrupt typed at the terminal, or a scheduler's SIGTERM to the whole job, is the supervisor's to handle: the worker
    // is born with them blocked and ends by SIGKILL, with its parent, or with its input.
    Attributes attributes;
    sigset_t blocked, defaults;
    sigemptyset(&blocked);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2}) sigaddset(&blocked, number);
    sigfillset(&defaults);
    posix_spawnattr_setsigmask(&attributes.value, &blocked);
    posix_spawnattr_setsigdefault(&attributes.value, &defaults);
    posix_spawnattr_setflags(&attributes.value, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);

    std::array<std::string, 6> words{"assay", "worker", std::to_string(limits.threads), std::to_string(limits.budget), std::to_string(reply_number), std::to_string(getpid())};
    std::array<char*, 7> arguments{};
    for (std::size_t i = 0; i < words.size(); ++i) arguments[i] = words[i].data();
    const int why = posix_spawn(&pid_, "/proc/self/exe", &actions.value, &attributes.value, arguments.data(), environ);
    for (const int descriptor : high) close(descriptor);
    if (why != 0) fail(why);
    close(requests[1]);
    close(replies[1]);
    close(prints[1]);
    requests_ = requests[0];
    replies_ = replies[0];
    prints_ = prints[0];
    fcntl(replies_, F_SETFL, O_NONBLOCK);
    fcntl(prints_, F_SETFL, O_NONBLOCK);
}

WorkerProcess::~WorkerProcess() {
    kill();
    close_if_open(requests_);
    close_if_open(replies_);
    close_if_open(prints_);
}

bool WorkerProcess::send(const Json& request) {
    const std::string line = request.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    for (std::size_t at = 0; at < line.size();) {
        const ssize_t n = ::send(requests_, line.data() + at, line.size() - at, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        at += static_cast<std::size_t>(n);
    }
    return true;
}

void WorkerProcess::read_prints() {
    char block[1 << 14];
    for (int rounds = 0; rounds < 64 && prints_ >= 0; ++rounds) {
        const ssize_t n = read(prints_, block, sizeof block);
        if (n == 0) close_if_open(prints_);   // -1 from now on, which poll passes over
        if (n <= 0) return;
        printed_.append(block, static_cast<std::size_t>(n));
        if (printed_.size() > 2 * kept_print) printed_.erase(0, printed_.size() - kept_print);
    }
}

std::vector<Json> WorkerProcess::replies() {
    read_prints();
    std::vector<Json> found;
    char block[1 << 16];
    // Bounded, so that a worker that floods cannot keep us from watching the others.
    for (int rounds = 0; rounds < 256 && !ended_; ++rounds) {
        const ssize_t n = read(replies_, block, sizeof block);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) break;
        if (n <= 0) { ended_ = true; break; }
        partial_.append(block, static_cast<std::size_t>(n));
        std::size_t start = 0;
        for (std::size_t end; (end = partial_.find('\n', start)) != std::string::npos; start = end + 1) {
            try {
                found.push_back(parse_json(std::string_view(partial_).substr(start, end - start), "reply"));
            } catch (const Error&) {
                confusion_ = "a reply that is not understood";
                kill();
                ended_ = true;
                return found;
            }
        }
        partial_.erase(0, start);
        if (partial_.size() > longest_reply) {
            confusion_ = "a reply longer than 256 MiB";
            kill();
            ended_ = true;
        }
    }
    return found;
}

void WorkerProcess::kill() {
    if (pid_ > 0 && !reaped_) {
        killed_by_us_ = true;
        ::kill(pid_, SIGKILL);
    }
    reap();
}

// A process that hangs inside the kernel (a dead network file system) cannot be ended: it is left behind rather than waited for.
void WorkerProcess::reap() {
    if (reaped_ || pid_ <= 0) return;
    for (int tries = 0; tries < 400; ++tries) {
        const pid_t got = waitpid(pid_, &status_, WNOHANG);
        if (got == pid_ || (got < 0 && errno == ECHILD)) { reaped_ = true; return; }
        std::this_thread::sleep_for(std::chrono::milliseconds(tries < 40 ? 1 : 10));
    }
}

std::size_t WorkerProcess::resident_bytes() const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
    std::size_t size = 0, resident = 0;
    file >> size >> resident;
    return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::string WorkerProcess::last_words() {
    reap();
    if (!reaped_) kill();   // it closed its replies but lives on
    read_prints();
    std::string words;
    if (!confusion_.empty()) words = confusion_;
    else if (WIFSIGNALED(status_)) {
        const char* name = sigabbrev_np(WTERMSIG(status_));
        words = "signal " + std::to_string(WTERMSIG(status_)) + (name ? std::string(" (SIG") + name + ")" : "");
        if (WTERMSIG(status_) == SIGKILL) words += ", sent from outside: perhaps the machine ran out of memory";
    } else words = "exit code " + std::to_string(WEXITSTATUS(status_));
    // The last line that it printed often says why (an assertion, an exception).
    std::string tail = printed_;
    while (!tail.empty() && (tail.back() == '\n' || tail.back() == ' ')) tail.pop_back();
    tail = tail.substr(tail.rfind('\n') == std::string::npos ? 0 : tail.rfind('\n') + 1);
    std::string shown;
    for (const char c : tail.substr(0, 200)) shown += static_cast<unsigned char>(c) < 32 || static_cast<unsigned char>(c) >= 127 ? '?' : c;
    if (!shown.empty()) words += "; it last printed: " + shown;
    return words;
}

bool WorkerProcess::killed_from_outside() {
    reap();
    return reaped_ && !killed_by_us_ && WIFSIGNALED(status_) && (WTERMSIG(status_) == SIGKILL || WTERMSIG(status_) == SIGTERM);
}

Verdict watch(const WorkerProcess& worker, const WorkerLimits& limits, WorkerProcess::Clock::time_point since) {
    // Memory first: who runs out of both is slow because the machine swaps. Resident bytes, not addresses: CUDA reserves as many
    // addresses as host and devices have memory, and touches few of them.
    if (limits.memory > 0)
        if (const std::size_t resident = worker.resident_bytes(); resident > limits.memory)
            return {"memory", "more than " + mebibytes(limits.memory) + " resident; the budget of a worker is " + mebibytes(limits.budget) + " (--memory)"};
    const double seconds = std::chrono::duration<double>(WorkerProcess::Clock::now() - since).count();
    if (limits.timeout_s > 0 && seconds > limits.timeout_s) {
        char text[64];
        std::snprintf(text, sizeof text, "no result within %g s", limits.timeout_s);
        return {"timeout", text + std::string(" (--timeout)")};
    }
    return {};
}

}  // namespace assay::zoo
