#include "tests/zoo/zoo_run.hpp"

#include "tools/interrupt.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bit>
#include <sstream>

extern char** environ;

namespace assay::zoo {

RunOptions options_from(const Json& json) {
    RunOptions options;
    for (const Json& word : json.value("measures", Json{"norm", "path", "test_accuracy", "distance", "masked_accuracy[sparsity=0.9]"})) {
        MeasureRequest request{.word = word, .name = word};
        const auto bracket = request.word.find('[');
        if (bracket != std::string::npos) {
            request.name = request.word.substr(0, bracket);
            request.parameters = request.word.substr(bracket + 1, request.word.size() - bracket - 2);
        }
        request.needs_init = request.name.starts_with("distance");
        request.needs_test = request.name.starts_with("test_") || request.name.starts_with("masked");
        request.needs_train = request.name.starts_with("train_");
        options.measures.push_back(request);
    }
    if (json.contains("versions"))
        for (MeasureRequest& request : options.measures) request.version = json.at("versions").value(request.name, 1);
    options.data = json.value("data", "");
    if (json.contains("scale")) options.preprocessing.scale = json.at("scale").get<double>();
    if (json.contains("shard")) options.shard = parse_shard(json.at("shard").get<std::string>());
    if (json.contains("limit")) options.limit = json.at("limit").get<std::size_t>();
    options.seed = json.value("seed", 0);
    options.workers = json.value("j", 2);
    options.threads = json.value("threads", 1);
    options.timeout_s = json.value("timeout", 0.0);
    options.memory = json.value("memory", std::size_t{256} << 20);
    options.precision = json.value("precision", "float32");
    options.device = json.value("device", "cpu");
    options.devices = json.value("devices", std::vector<std::string>{});
    options.retry_failed = json.value("retry_failed", false);
    options.instruction_set = "test";
    return options;
}

int run_here(const std::string& folder, const std::string& path, const Json& json) {
    const tools::Interrupt interrupt;
    store::Store store(path, store::Store::Mode::write);
    RunOptions options = options_from(json);
    const Manifest manifest = read_manifest(folder, {.include = {}, .exclude = {}, .not_models = {path}});
    if (options.data.empty()) options.data = manifest.data;
    options.train_rows = manifest.train_rows;
    const Summary summary = run_zoo(manifest, store, options, make_plan(manifest, &store, options), interrupt.token());
    printf("models %zu ok %zu failed %zu not_a_model %zu pending %zu ran %zu done %zu skipped %zu near_ties %g\n", summary.models, summary.ok, summary.failed,
           summary.not_a_model, summary.pending, summary.ran, summary.already_done, summary.skipped_failed, summary.near_ties);
    for (const auto& note : summary.notes) printf("note x%zu: %s\n", note.models, note.text.c_str());
    for (const auto& failure : summary.failures) printf("failure x%zu: %s: %s\n", failure.models, failure.kind.c_str(), failure.reason.c_str());
    return summary.interrupted ? 75 : summary.failed ? 1 : 0;
}

test::ProcessResult run_apart(const std::filesystem::path& folder, const std::filesystem::path& store, const Json& options) {
    return test::run({std::filesystem::read_symlink("/proc/self/exe").string(), "zoo-run", folder.string(), store.string(), options.dump()});
}

pid_t start_apart(const std::filesystem::path& folder, const std::filesystem::path& store, const Json& options, const std::filesystem::path& log) {
    if (!log.empty()) setenv("FAKE_LOG", log.c_str(), 1);
    const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
    std::vector<std::string> words{program, "zoo-run", folder.string(), store.string(), options.dump()};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", 1, 0);
    // Where the tests themselves run in the background, SIGINT is ignored, and that is inherited.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t defaults;
    sigfillset(&defaults);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    pid_t pid = 0;
    const int failed = posix_spawn(&pid, program.c_str(), &actions, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (failed) throw std::runtime_error("cannot start");
    return pid;
}

int wait_for(pid_t pid) {
    int status = 0;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool has_ended(pid_t pid) {
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == pid;
}

std::string everything(const std::filesystem::path& path) {
    const store::Store store(path, store::Store::Mode::read);
    std::string text;
    for (const auto& m : store.models())
        text += m.path + "|" + m.content + "|" + m.init_content + "|" + m.status + "|" + m.error_kind + "|" + m.reason + "|" + m.config.dump() + m.metrics.dump() + m.facts.dump() + "\n";
    for (const auto& v : store.values()) {
        text += v.key.model + "|" + v.key.init + "|" + v.key.data + "|" + store::column_of(v.key) + "|" + v.key.layer + "|" + v.key.precision + "|" + v.status + "|" + v.reason + "|" + v.instruction_set + "|";
        if (const double* x = std::get_if<double>(&v.value)) text += std::to_string(std::bit_cast<std::uint64_t>(*x));
        if (const auto* x = std::get_if<std::vector<double>>(&v.value))
            for (const double y : *x) text += std::to_string(std::bit_cast<std::uint64_t>(y)) + ",";
        text += "\n";
    }
    for (const auto& [request, count] : store.requests()) text += request + " " + std::to_string(count) + "\n";
    return text;
}

std::string difference(const std::string& a, const std::string& b) {
    std::istringstream left(a), right(b);
    for (std::string x, y;;) {
        const bool more_left = static_cast<bool>(std::getline(left, x)), more_right = static_cast<bool>(std::getline(right, y));
        if (!more_left && !more_right) return "";
        if (more_left != more_right || x != y) return (more_left ? x : "<end>") + "\n" + (more_right ? y : "<end>");
    }
}

}  // namespace assay::zoo
