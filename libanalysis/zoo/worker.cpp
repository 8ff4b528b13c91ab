#include "libanalysis/zoo/protocol.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <new>
#include <optional>
#include <thread>

namespace assay::zoo {
namespace {

using Clock = std::chrono::steady_clock;

// Reads lines on a thread of its own, so that the end of the input is seen while a task runs.
class Lines {
public:
    Lines(int descriptor, std::stop_source& stop) : descriptor_(descriptor), stop_(stop), reader_([this] { read_all(); }) {}
    ~Lines() { reader_.join(); }   // only after next() said that the input ended

    std::optional<std::string> next() {
        std::unique_lock hold(mutex_);
        changed_.wait(hold, [this] { return ended_ || !lines_.empty(); });
        if (ended_) return std::nullopt;   // requests that nobody waits for are not begun
        std::string line = std::move(lines_.front());
        lines_.pop_front();
        return line;
    }

private:
    void read_all() {
        std::string text;
        char block[1 << 16];
        for (;;) {
            const ssize_t n = read(descriptor_, block, sizeof block);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) break;
            text.append(block, static_cast<std::size_t>(n));
            std::size_t start = 0;
            for (std::size_t end; (end = text.find('\n', start)) != std::string::npos; start = end + 1) {
                const std::lock_guard hold(mutex_);
                lines_.push_back(text.substr(start, end - start));
            }
            text.erase(0, start);
            changed_.notify_one();
        }
        {
            const std::lock_guard hold(mutex_);
            ended_ = true;
        }
        stop_.request_stop();
        changed_.notify_one();
    }

    int descriptor_;
    std::stop_source& stop_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::string> lines_;
    bool ended_ = false;
    std::thread reader_;
};

class Replies {
public:
    explicit Replies(int descriptor) : descriptor_(descriptor) {}
    void send(const Json& json) {
        const std::string line = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
        const std::lock_guard hold(mutex_);
        for (std::size_t at = 0; at < line.size() && !broken_;) {
            const ssize_t n = write(descriptor_, line.data() + at, line.size() - at);
            if (n < 0 && errno == EINTR) continue;
            if (n <= 0) broken_ = true;   // nobody listens: the end of the input follows
            else at += static_cast<std::size_t>(n);
        }
    }
    bool broken() const { return broken_; }

private:
    int descriptor_;
    std::mutex mutex_;
    bool broken_ = false;
};

// A task's result, or its failure as {"error": ...}: nothing that a task throws gets out.
Json attempt(const Task& task, const Json& arguments, const Context& context, const std::function<void(const Json&)>& item) {
    try {
        return {{"result", task.run(arguments, context, item)}};
    } catch (const Error& error) {
        return {{"error", error_to_json(error)}};
    } catch (const std::bad_alloc&) {
        return {{"error", error_to_json(Error(ErrorKind::resource, {std::string(task.name), "", "not enough memory", "Allow more with --memory"}))}};
    } catch (const nlohmann::json::exception& error) {
        return {{"error", error_to_json(Error(ErrorKind::internal, {std::string(task.name), "", error.what(), ""}))}};
    } catch (const std::exception& error) {
        return {{"error", error_to_json(Error(ErrorKind::internal, {std::string(task.name), "", error.what(), ""}))}};
    } catch (...) {
        return {{"error", error_to_json(Error(ErrorKind::internal, {std::string(task.name), "", "an exception of unknown type", ""}))}};
    }
}

}  // namespace

int serve(std::span<const Task* const> tasks, int in, int out, int threads, std::size_t memory) {
    std::stop_source stop;
    Replies replies(out);
    Lines lines(in, stop);
    replies.send({{"ready", true}});
    while (const auto line = lines.next()) {
        Json request;
        try {
            request = parse_json(*line, "request");
        } catch (const Error& error) {
            replies.send({{"id", nullptr}, {"error", error_to_json(error)}});
            continue;
        }
        const Json id = request.value("id", Json());
        const std::string name = request.contains("task") && request.at("task").is_string() ? request.at("task").get<std::string>() : "";
        const Task* task = nullptr;
        for (const Task* known : tasks)
            if (known->name == name) task = known;
        if (!task) {
            replies.send({{"id", id}, {"error", error_to_json(Error(ErrorKind::internal, {"worker", "a known task", "\"" + name + "\"", ""}))}});
            continue;
        }
        Context context;
        context.threads = threads;
        context.memory = memory;
        context.stop = stop.get_token();
        auto last = Clock::now();
        context.on_progress = [&, last](double fraction) mutable {   // at most ten a second
            const auto now = Clock::now();
            if (now - last < std::chrono::milliseconds(100)) return;
            last = now;
            replies.send({{"id", id}, {"progress", fraction}});
        };
        const auto run = [&](const Json& arguments, const std::function<void(const Json&)>& item) {
            if (arguments.is_object() && arguments.contains("seed") && arguments.at("seed").is_number()) context.seed = Seed{arguments.at("seed").get<std::uint64_t>()};
            return attempt(*task, arguments, context, item);
        };
        if (request.contains("group") && request.at("group").is_array()) {
            std::size_t index = 0;
            bool failed = false;
            for (const Json& arguments : request.at("group")) {
                if (stop.stop_requested() || replies.broken()) break;
                Json part = run(arguments, [](const Json&) {});
                part["index"] = index++;
                failed = part.contains("error");
                replies.send({{"id", id}, {"item", std::move(part)}});
                if (failed) break;
            }
            replies.send({{"id", id}, {"result", {{"answered", index}}}});
            while (failed && lines.next()) {}   // what waits already is for another process
        } else {
            Json reply = run(request.value("arguments", Json::object()), [&](const Json& item) { replies.send({{"id", id}, {"item", item}}); });
            reply["id"] = id;
            replies.send(reply);
        }
    }
    return 0;
}

int worker_main(std::span<const Task* const> tasks, std::span<const std::string> words) {
    const auto number = [&](std::size_t index) {
        unsigned long long value = 0;
        const std::string& word = words[index];
        const auto read = std::from_chars(word.data(), word.data() + word.size(), value);
        if (read.ec != std::errc() || read.ptr != word.data() + word.size())
            throw Error(ErrorKind::usage, {"worker", "a number", "\"" + word + "\"", "Workers are started by the other verbs, not by hand"});
        return value;
    };
    if (words.size() != 4)
        throw Error(ErrorKind::usage, {"worker", "four numbers: threads, memory, reply descriptor, parent", std::to_string(words.size()) + " words",
                                       "Workers are started by the other verbs, not by hand"});
    const auto threads = number(0), memory = number(1), replies = number(2), parent = number(3);
    // The parent may be killed at any moment, even before this line.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (static_cast<unsigned long long>(getppid()) != parent) return static_cast<int>(ExitCode::interrupted);
    const rlimit none{0, 0};
    setrlimit(RLIMIT_CORE, &none);
    signal(SIGPIPE, SIG_IGN);
    fcntl(static_cast<int>(replies), F_SETFD, FD_CLOEXEC);
    // When memory runs out, the kernel should end this process and not the one that keeps the results.
    if (const int file = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC); file >= 0) {
        [[maybe_unused]] const ssize_t written = write(file, "500", 3);
        close(file);
    }
    return serve(tasks, 0, static_cast<int>(replies), static_cast<int>(threads), memory);
}

}  // namespace assay::zoo
