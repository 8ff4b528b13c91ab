#pragma once
// A zoo run in this process, from JSON options; and the same in a process of its own.

#include "libanalysis/zoo/runner.hpp"
#include "tests/support/support.hpp"

namespace assay::zoo {

/// Options: j, threads, shard, limit, timeout, memory, retry_failed, measures (list), data, scale, seed, precision, device, devices.
RunOptions options_from(const Json& json);
int run_here(const std::string& folder, const std::string& store, const Json& options);

/// `zoo_test zoo-run ...`, to its end.
test::ProcessResult run_apart(const std::filesystem::path& folder, const std::filesystem::path& store, const Json& options = Json::object());

/// The same, started only.
pid_t start_apart(const std::filesystem::path& folder, const std::filesystem::path& store, const Json& options, const std::filesystem::path& log = {});
int wait_for(pid_t pid);   ///< exit code, or 128 + signal
bool has_ended(pid_t pid);   ///< wait_for would return at once

/// Everything in a store that must not depend on how it was made.
std::string everything(const std::filesystem::path& store);
/// The first line in which they differ, or "".
std::string difference(const std::string& a, const std::string& b);

}  // namespace assay::zoo
