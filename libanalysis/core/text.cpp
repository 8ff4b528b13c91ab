#include "libanalysis/core/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace assay {
namespace {

// Length in bytes of the UTF-8 sequence at `i`, or 0 where the bytes are none.
std::size_t sequence(std::string_view text, std::size_t i) {
    const auto byte = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0U; };
    const unsigned first = byte(i);
    const std::size_t length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3
                               : first >= 0xf0 && first < 0xf5 ? 4 : 0;
    for (std::size_t k = 1; k < length; ++k)
        if ((byte(i + k) & 0xc0U) != 0x80U) return 0;
    return length;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string clean;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = sequence(text, i);
        const auto byte = static_cast<unsigned char>(text[i]);
        const bool c1_control = length == 2 && byte == 0xc2 && static_cast<unsigned char>(text[i + 1]) < 0xa0;
        if (length == 0 || byte < 0x20 || byte == 0x7f || c1_control) {
            for (std::size_t k = 0; k < std::max<std::size_t>(length, 1); ++k)
                clean += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[i + k]));
        } else {
            clean += text.substr(i, length);
        }
        i += std::max<std::size_t>(length, 1);
    }
    return clean;
}

std::optional<double> number_of(const std::string& word) {
    char* end = nullptr;
    const double value = std::strtod(word.c_str(), &end);
    return word.empty() || *end != '\0' ? std::nullopt : std::optional(value);
}

std::optional<double> finite_number_of(const std::string& word) {
    const std::optional<double> value = number_of(word);
    return value && std::isfinite(*value) ? value : std::nullopt;
}

std::string_view without(std::string_view prefix, std::string_view name) { return name.starts_with(prefix) ? name.substr(prefix.size()) : name; }

}  // namespace assay
