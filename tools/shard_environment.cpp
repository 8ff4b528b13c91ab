#include "tools/shard_environment.hpp"

#include <charconv>

namespace assay::tools {
namespace {

std::uint64_t number(const std::string& text, const char* name) {
    std::uint64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size())
        throw Error(ErrorKind::usage, {name, "a number", "\"" + text + "\"", "Give --shard i/n"});
    return value;
}

}  // namespace

ShardChoice choose_shard(const std::string& option, const std::function<std::optional<std::string>(const char*)>& environment) {
    if (!option.empty() && !option.starts_with("auto/")) return {zoo::parse_shard(option), "--shard"};
    std::optional<std::uint64_t> index;
    std::string from, count;
    if (const auto task = environment("SLURM_ARRAY_TASK_ID")) {
        const auto first = environment("SLURM_ARRAY_TASK_MIN"), step = environment("SLURM_ARRAY_TASK_STEP");
        const std::uint64_t id = number(*task, "SLURM_ARRAY_TASK_ID"), low = first ? number(*first, "SLURM_ARRAY_TASK_MIN") : 0;
        const std::uint64_t stride = step ? std::max<std::uint64_t>(1, number(*step, "SLURM_ARRAY_TASK_STEP")) : 1;
        if (id < low) throw Error(ErrorKind::usage, {"SLURM_ARRAY_TASK_ID", "at least SLURM_ARRAY_TASK_MIN", *task, "Give --shard i/n"});
        index = (id - low) / stride;
        count = environment("SLURM_ARRAY_TASK_COUNT").value_or("");
        from = "SLURM_ARRAY_TASK_ID";
    } else if (const auto completion = environment("JOB_COMPLETION_INDEX")) {
        index = number(*completion, "JOB_COMPLETION_INDEX");
        from = "JOB_COMPLETION_INDEX";
    }
    if (!option.empty()) {
        if (!index) throw Error(ErrorKind::usage, {"--shard", "SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX for \"auto\"", "neither in the environment", "Give --shard i/n"});
        count = option.substr(5);
    }
    if (!index) return {};
    if (count.empty()) throw Error(ErrorKind::usage, {from, "the number of shards with it", "none", "Give --shard auto/n with n the number of completions"});
    return {zoo::parse_shard(std::to_string(*index) + "/" + count), from};
}

}  // namespace assay::tools
