#pragma once
// Predictor files, read; values of what they predict, shown.

#include "libanalysis/predict/predictor.hpp"

#include <filesystem>

namespace assay::tools {

/// @throws Error{missing} when the file cannot be read, Error{format} when it is no predictor.
predict::Predictor load_predictor(const std::filesystem::path& path);

/// A value of the target for people: "4.03 %" of an error or a gap, "0.1234" of a loss. NaN is "".
std::string shown(const predict::Target& target, double value);
/// "2.41 .. 5.66 %"
std::string shown_interval(const predict::Target& target, double low, double high);
/// The help of --target.
std::string target_help();

}  // namespace assay::tools
