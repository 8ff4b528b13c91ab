#pragma once
// CRC-32C (Castagnoli, polynomial 0x1EDC6F41) as TFRecord files mask it.

#include <cstdint>
#include <string_view>

namespace assay::formats {

std::uint32_t crc32c(std::string_view bytes);
/// Rotated by 15 and shifted by a constant, so that a CRC of data with CRCs inside stays good.
inline std::uint32_t masked_crc32c(std::string_view bytes) {
    const std::uint32_t crc = crc32c(bytes);
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

}  // namespace assay::formats
