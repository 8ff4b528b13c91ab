#pragma once
// Figures by the program `gnuplot`.

#include <filesystem>

namespace assay::tools {

/// Runs gnuplot on `script`, whose SVG it prints, and writes that whole to `svg`. No settings of the user's are read.
/// @throws Error{unavailable} where the program is not installed, Error{resource} where it fails.
void draw_svg(const std::filesystem::path& script, const std::filesystem::path& svg);

}  // namespace assay::tools
