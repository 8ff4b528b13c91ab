#pragma once
// Predictor files, read.

#include "libanalysis/predict/predictor.hpp"

#include <filesystem>

namespace assay::tools {

/// @throws Error{missing} when the file cannot be read, Error{format} when it is no predictor.
predict::Predictor load_predictor(const std::filesystem::path& path);

}  // namespace assay::tools
