#include "tools/tasks/tasks.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

namespace assay::tools::verbs {
namespace {

int run(const std::vector<std::string>& words) {
    if (!words.empty() && (words[0] == "--help" || words[0] == "-h")) {
        fmt::print("Usage: assay worker ...\n\nThe process that opens checkpoints and data for the other verbs and computes. They start it; its words are theirs.\n");
        return 0;
    }
    return zoo::worker_main(all_tasks(), words);
}

}  // namespace

extern const Verb worker{.name = "worker", .summary = "", .run = run};   // not in the list: no verb for people

}  // namespace assay::tools::verbs
