#pragma once
// Predictor files, read; values of what they predict, shown.

#include "libanalysis/predict/predictor.hpp"
#include "libanalysis/report/content.hpp"

#include <filesystem>

namespace assay::tools {

/// @throws Error{missing} when the file cannot be read, Error{format} when it is no predictor.
predict::Predictor load_predictor(const std::filesystem::path& path);

/// What the models of a store's table are like, and what went before the inputs of these features.
predict::Population population_of(const report::Content& content, const std::vector<std::string>& features);
/// "x * 0.00392157": what went before the inputs of a store's values of these features.
std::set<std::string> preprocessing_of(const report::Content& content, const std::vector<std::string>& features);

/// A value of the target for people: "4.03 %" of an error or a gap, "0.1234" of a loss. NaN is "".
std::string shown(const predict::Target& target, double value);
/// "2.41 .. 5.66 %"
std::string shown_interval(const predict::Target& target, double low, double high);
/// The help of --target.
std::string target_help();

}  // namespace assay::tools
