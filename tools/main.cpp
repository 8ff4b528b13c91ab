// The program: finds the verb, runs it, turns errors into one line and an exit code.

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/version.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <span>

namespace assay::tools {

#define VERB(id) extern const Verb id;
namespace verbs {
#include "tools/verbs/verbs.def"
}
#undef VERB

namespace {

std::span<const Verb* const> all_verbs() {
#define VERB(id) &verbs::id,
    static const Verb* const all[] = {
#include "tools/verbs/verbs.def"
    };
#undef VERB
    return all;
}

void print_list() {
    fmt::print("Assay: static analysis of trained neural networks, and prediction of how they generalise.\n\nUsage: assay VERB ...\n\n");
    std::size_t width = 0;
    for (const Verb* verb : all_verbs()) width = std::max(width, verb->name.size());
    for (const Verb* verb : all_verbs())
        if (!verb->summary.empty()) fmt::print("  {:<{}}  {}\n", verb->name, width, verb->summary);
    fmt::print("\n`assay VERB --help` tells more; `assay --version` what this program was built from.\n");
}

void print_version(bool json) {
    const VersionInfo info = version_info();
    if (json) {
        Json all = {{"schema_version", 1}};
        all.update(to_json(info));
        fmt::print("{}\n", all.dump(2));
        return;
    }
    fmt::print("assay {} ({})\ncompiler         {}, {}\ninstruction set  {}\n", info.version, info.git_hash, info.compiler, info.build_type, info.instruction_set);
    if (!info.cuda.empty()) fmt::print("CUDA             {}\n", info.cuda);
    for (const auto& [name, version] : info.libraries) fmt::print("{:<16} {}\n", name, version);
}

// The verb with the longest name that the words begin with, and how many words it takes.
std::pair<const Verb*, std::size_t> find_verb(const std::vector<std::string>& words) {
    for (std::size_t count = std::min<std::size_t>(2, words.size()); count > 0; --count) {
        const std::string name = count == 2 ? words[0] + " " + words[1] : words[0];
        for (const Verb* verb : all_verbs())
            if (verb->name == name) return {verb, count};
    }
    std::string near;
    for (const Verb* verb : all_verbs())
        if (verb->name.starts_with(words[0].substr(0, 3)) && !verb->summary.empty()) near += (near.empty() ? "" : ", ") + std::string(verb->name);
    throw Error(ErrorKind::usage, {"", "a verb", "\"" + printable(words[0]) + (words.size() > 1 && words[0] == "zoo" ? " " + printable(words[1]) : "") + "\"",
                                   near.empty() ? "`assay --help` lists them" : "Near names: " + near});
}

int run(const std::vector<std::string>& words) {
    if (words.empty() || words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
        print_list();
        return 0;
    }
    if (words[0] == "--version") {
        print_version(words.size() > 1 && words[1] == "--json");
        return 0;
    }
    const auto [verb, taken] = find_verb(words);
    return verb->run(std::vector<std::string>(words.begin() + static_cast<std::ptrdiff_t>(taken), words.end()));
}

}  // namespace
}  // namespace assay::tools

int main(int count, char** values) {
    // A limit on file sizes shall be an error of writing, with its message, and not a signal.
    signal(SIGXFSZ, SIG_IGN);
    const auto code = [](assay::ExitCode value) { return static_cast<int>(value); };
    try {
        const int result = assay::tools::run(std::vector<std::string>(values + 1, values + count));
        if (std::fflush(stdout) != 0) throw assay::Error(assay::ErrorKind::resource, {"standard output", "", "cannot be written", ""});
        return result;
    } catch (const assay::Error& error) {
        fmt::print(stderr, "assay: {}\n", assay::printable(error.what()));
        return code(assay::exit_code(error));
    } catch (const std::bad_alloc&) {
        fmt::print(stderr, "assay: not enough memory\n");
        return code(assay::ExitCode::cannot_write);
    } catch (const std::exception& error) {
        fmt::print(stderr, "assay: internal error: {}. Please report it\n", assay::printable(error.what()));
        return code(assay::ExitCode::internal);
    }
}
