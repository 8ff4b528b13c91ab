#include "libanalysis/store/lock.hpp"

#include "libanalysis/store/store.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

namespace assay::store {
namespace {

std::string host_name() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

// The start time of a process in clock ticks since boot (field 22 of /proc/<pid>/stat): a pid that was given again differs in it.
std::string start_time(long pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    const auto after_name = text.rfind(')');
    if (after_name == std::string::npos) return "";
    std::istringstream fields(text.substr(after_name + 1));
    std::string field;
    for (int i = 3; i <= 22; ++i)
        if (!(fields >> field)) return "";
    return field;
}

struct Holder { std::string host; long pid = 0; std::string started; };

std::optional<Holder> parse(const std::string& text) {
    std::istringstream words(text);
    Holder holder;
    if (words >> holder.host >> holder.pid >> holder.started) return holder;
    return std::nullopt;
}

std::string read_all(int descriptor) {
    char text[512];
    const ssize_t n = pread(descriptor, text, sizeof text, 0);
    return n > 0 ? std::string(text, static_cast<std::size_t>(n)) : "";
}

// Whether the holder is certainly gone. Only our own host can be asked.
bool is_stale(int descriptor) {
    const auto holder = parse(read_all(descriptor));
    if (!holder) {  // created, not yet written: its owner may be between the two, or may have died there
        struct stat about {};
        return fstat(descriptor, &about) == 0 && about.st_mtime + 10 < time(nullptr);
    }
    if (holder->host != host_name()) return false;
    if (kill(static_cast<pid_t>(holder->pid), 0) != 0 && errno == ESRCH) return true;
    return start_time(holder->pid) != holder->started;
}

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& holder) {
    const auto known = parse(holder);
    throw Locked(ErrorKind::resource,
                 {path.string(), "", known ? "host " + known->host + ", pid " + std::to_string(known->pid) + " is writing this store"
                                           : "another process is taking this store",
                  known && known->host != host_name() ? "Wait for it; remove this file if that run is known to be dead" : "Wait for it, or use another store"});
}

struct Descriptor {
    int value;
    ~Descriptor() { if (value >= 0) close(value); }
};

}  // namespace

std::filesystem::path Lock::file_of(const std::filesystem::path& store) { return store.string() + ".lock"; }

Lock::Lock(const std::filesystem::path& store)
    : path_(file_of(store)), mine_(host_name() + " " + std::to_string(getpid()) + " " + start_time(getpid()) + "\n") {
    for (int tries = 0; tries < 50; ++tries) {
        const Descriptor fresh{open(path_.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0644)};
        if (fresh.value >= 0) {
            // Names are written under the advisory lock: one that found the file still empty after a while may have taken it.
            flock(fresh.value, LOCK_EX);
            if (!read_all(fresh.value).empty()) continue;
            if (write(fresh.value, mine_.data(), mine_.size()) == static_cast<ssize_t>(mine_.size())) return;
            const int why = errno;
            unlink(path_.c_str());
            throw Error(ErrorKind::resource, {path_.string(), "", std::string("cannot be written: ") + std::strerror(why), "Free space on that disk"});
        }
        if (errno != EEXIST)
            throw Error(ErrorKind::resource, {path_.string(), "a folder that can be written", std::strerror(errno), "Choose another place for the store with -o"});

        const Descriptor old{open(path_.c_str(), O_RDWR | O_CLOEXEC)};
        if (old.value < 0) {
            if (errno == ENOENT) continue;
            throw Error(ErrorKind::resource, {path_.string(), "", std::string("cannot be opened: ") + std::strerror(errno), ""});
        }
        // Several may find the same stale file: the one that gets the advisory lock looks again and writes its own name into it.
        if (flock(old.value, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
            continue;
        }
        struct stat opened {}, now {};
        if (fstat(old.value, &opened) != 0 || stat(path_.c_str(), &now) != 0 || opened.st_ino != now.st_ino) continue;
        if (!is_stale(old.value)) {
            const std::string text = read_all(old.value);
            if (!text.empty()) refuse(path_, text);
            if (tries < 48) {
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
                continue;
            }
            // Whoever made the file died before its name was in it.
        }
        if (ftruncate(old.value, 0) != 0 || pwrite(old.value, mine_.data(), mine_.size(), 0) != static_cast<ssize_t>(mine_.size()))
            throw Error(ErrorKind::resource, {path_.string(), "", std::string("cannot be written: ") + std::strerror(errno), "Free space on that disk"});
        return;
    }
    refuse(path_, "");
}

Lock::~Lock() {
    const Descriptor file{open(path_.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.value >= 0 && read_all(file.value) == mine_) unlink(path_.c_str());
}

std::optional<std::string> Lock::holder(const std::filesystem::path& store) {
    const Descriptor file{open(file_of(store).c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.value < 0 || is_stale(file.value)) return std::nullopt;
    const auto holder = parse(read_all(file.value));
    if (!holder) return "unknown";
    return "host " + holder->host + ", pid " + std::to_string(holder->pid);
}

}  // namespace assay::store
