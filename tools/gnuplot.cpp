#include "tools/gnuplot.hpp"

#include "libanalysis/core/error.hpp"
#include "tools/child.hpp"

#include <system_error>

namespace assay::tools {

void draw_svg(const std::filesystem::path& script, const std::filesystem::path& svg) {
    const std::filesystem::path unfinished = svg.string() + ".tmp";
    // An absolute path does not begin with a dash, which would be an option.
    const int code = run_child({"gnuplot", "-d", std::filesystem::absolute(script).string()}, unfinished);
    std::error_code failed;
    if (code != 0) std::filesystem::remove(unfinished, failed);
    if (code == 127)
        throw Error(ErrorKind::unavailable, {"--figures", "the program gnuplot", "none in the PATH", "Install the package gnuplot-nox; what it would have drawn is in " + script.string()});
    if (code != 0) throw Error(ErrorKind::resource, {svg.string(), "a drawing by gnuplot", "it failed with code " + std::to_string(code), "Run gnuplot on " + script.string()});
    std::filesystem::rename(unfinished, svg, failed);
    if (failed) throw Error(ErrorKind::resource, {svg.string(), "a place to write to", failed.message()});
}

}  // namespace assay::tools
