#include "tools/graphviz.hpp"

#include "libanalysis/core/error.hpp"
#include "tools/analysis.hpp"
#include "tools/child.hpp"

#include <system_error>

namespace assay::tools {

void write_svg(std::string_view graph, const std::filesystem::path& path) {
    const std::filesystem::path dot = path.string() + ".dot.tmp", svg = path.string() + ".svg.tmp";
    write_whole(dot, graph);
    const int code = run_child({"dot", "-Tsvg", "-o", svg.string(), dot.string()});
    std::error_code ignored;
    std::filesystem::remove(dot, ignored);
    if (code == 127)
        throw Error(ErrorKind::unavailable, {"--svg", "Graphviz's program dot", "none in the PATH", "Install the package graphviz, or use --dot and draw it elsewhere"});
    if (code != 0) {
        std::filesystem::remove(svg, ignored);
        throw Error(ErrorKind::resource, {path.string(), "a drawing by dot", "it failed", "Try --dot"});
    }
    std::filesystem::rename(svg, path, ignored);
    if (ignored) throw Error(ErrorKind::resource, {path.string(), "a place to write to", ignored.message()});
}

}  // namespace assay::tools
