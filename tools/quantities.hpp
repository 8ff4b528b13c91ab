#pragma once
// Sizes and times as people write and read them.

#include <cstddef>
#include <string>
#include <string_view>

namespace assay::tools {

/// "512M", "2G", "1.5GiB", "1000000" (bytes); units are powers of 1024. @throws Error{usage} naming `where`.
std::size_t parse_bytes(std::string_view text, std::string_view where);

std::string bytes_in_words(std::size_t bytes);     ///< "1.5 GiB"
std::string seconds_in_words(double seconds);      ///< "0.4 s", "12 s", "3 min 20 s", "2 h 5 min"

}  // namespace assay::tools
