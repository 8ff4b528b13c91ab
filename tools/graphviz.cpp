#include "tools/graphviz.hpp"

#include "libanalysis/core/error.hpp"
#include "tools/analysis.hpp"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <system_error>

extern char** environ;

namespace assay::tools {

void write_svg(std::string_view graph, const std::filesystem::path& path) {
    const std::filesystem::path dot = path.string() + ".dot.tmp", svg = path.string() + ".svg.tmp";
    write_whole(dot, graph);
    std::string words[] = {"dot", "-Tsvg", "-o", svg.string(), dot.string()};
    char* arguments[] = {words[0].data(), words[1].data(), words[2].data(), words[3].data(), words[4].data(), nullptr};
    pid_t child = 0;
    const int failed = posix_spawnp(&child, "dot", nullptr, nullptr, arguments, environ);
    int status = 0;
    if (failed == 0) waitpid(child, &status, 0);
    std::error_code ignored;
    std::filesystem::remove(dot, ignored);
    if (failed != 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 127))
        throw Error(ErrorKind::unavailable, {"--svg", "Graphviz's program dot", "none in the PATH", "Install the package graphviz, or use --dot and draw it elsewhere"});
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        std::filesystem::remove(svg, ignored);
        throw Error(ErrorKind::resource, {path.string(), "a drawing by dot", "it failed", "Try --dot"});
    }
    std::filesystem::rename(svg, path, ignored);
    if (ignored) throw Error(ErrorKind::resource, {path.string(), "a place to write to", ignored.message()});
}

}  // namespace assay::tools
