#pragma once
// Pictures by Graphviz's program `dot`.

#include <filesystem>
#include <string_view>

namespace assay::tools {

/// Lays `graph` out (text in DOT) and writes it to `path` as SVG. @throws Error{unavailable} where the program is not installed, Error{resource}.
void write_svg(std::string_view graph, const std::filesystem::path& path);

}  // namespace assay::tools
