#pragma once
// Files of masks: one data set of uint8 for each masked parameter, by its name in the model, in the model's layout; attributes
// that say how they were made. formats/README.md has the layout.

#include "libanalysis/core/shape.hpp"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace assay::formats {

struct MaskFile {
    static constexpr std::int64_t schema = 1;
    std::string method, convention;
    double sparsity = 0;            ///< asked for; the masks have their own
    std::uint64_t seed = 0;
    std::string model_hash;         ///< SHA-256 of the checkpoint that the masks are for
    std::string weights_hash;       ///< of the file whose weights were scored: that one, or initial weights
    std::string objective;          ///< of methods with a loss, in words, with data and rows; else ""
    std::string written_by;         ///< program and version
    struct Mask { std::string parameter; Shape shape; std::vector<std::uint8_t> kept; };
    std::vector<Mask> masks;
};

/// @throws Error{resource}
void write_masks(const std::filesystem::path& path, const MaskFile& file);

/// @throws Error{missing, format} naming what is no mask: another schema, a type that is not uint8, values other than 0 and 1
MaskFile read_masks(const std::filesystem::path& path);

}  // namespace assay::formats
