#include "tests/support/support.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

extern char** environ;

namespace assay::test {

std::filesystem::path source_folder() { return ASSAY_SOURCE_DIR; }
std::filesystem::path program() { return ASSAY_PROGRAM; }

std::filesystem::path shared_folder() {
    const char* variable = std::getenv("ASSAY_SHARED");
    std::filesystem::path folder = variable ? std::filesystem::path(variable) : source_folder().parent_path() / "shared";
    return std::filesystem::exists(folder) ? std::filesystem::canonical(folder) : std::filesystem::path{};
}

Scratch::Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "assay-test-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("no scratch folder");
    path_ = name;
}

Scratch::~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::filesystem::path& path, std::string_view text) {
    std::ofstream(path, std::ios::binary) << text;
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

ProcessResult run(const std::vector<std::string>& command, const std::filesystem::path& folder) {
    const Scratch scratch;
    const std::string out = scratch / "out", err = scratch / "err";
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", 0, 0);
    posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), 0101 | 01000, 0644);
    posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), 0101 | 01000, 0644);
    if (!folder.empty()) posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    pid_t pid = 0;
    const int failed = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed) throw std::runtime_error("cannot start " + command.at(0));
    int status = 0;
    waitpid(pid, &status, 0);
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(out), read_file(err)};
}

}  // namespace assay::test
