#pragma once
// One writer a store: a file beside it that names host, pid and the process's start time. No advisory lock of the file system
// is needed for correctness between hosts, so it works on network file systems.

#include <filesystem>
#include <optional>
#include <string>

namespace assay::store {

class Lock {
public:
    /// @throws Locked when a living process (or one on another host) holds it; Error{resource} when it cannot be created.
    explicit Lock(const std::filesystem::path& store);
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock();   ///< removes the file while it is still ours

    static std::filesystem::path file_of(const std::filesystem::path& store);
    /// "host NAME, pid N" of a holder that is not known to be gone.
    static std::optional<std::string> holder(const std::filesystem::path& store);

private:
    std::filesystem::path path_;
    std::string mine_;
};

}  // namespace assay::store
