#include "tools/quantities.hpp"

#include "libanalysis/core/error.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace assay::tools {

std::size_t parse_bytes(std::string_view text, std::string_view where) {
    double number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    const std::string_view unit(read.ptr, static_cast<std::size_t>(text.data() + text.size() - read.ptr));
    double factor = 0;
    if (unit.empty() || unit == "B") factor = 1;
    for (int power = 1; power <= 4; ++power) {
        const char letter = "KMGT"[power - 1];
        const bool same = !unit.empty() && (unit[0] == letter || unit[0] == letter + ('a' - 'A'));
        if (same && (unit.size() == 1 || unit.substr(1) == "B" || unit.substr(1) == "iB")) factor = std::pow(1024.0, power);
    }
    if (read.ec != std::errc() || factor == 0 || !(number >= 0) || number * factor > 1e18)
        throw Error(ErrorKind::usage, {std::string(where), "a size such as 2G or 512M", "\"" + std::string(text) + "\""});
    return static_cast<std::size_t>(number * factor);
}

std::string bytes_in_words(std::size_t bytes) {
    double number = static_cast<double>(bytes);
    const char* units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    std::size_t unit = 0;
    while (number >= 1024 && unit < 4) number /= 1024, ++unit;
    return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", number, units[unit]);
}

std::string seconds_in_words(double seconds) {
    if (!(seconds >= 0) || seconds > 1e9) return "unknown";
    if (seconds < 10) return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<long long>(std::llround(seconds));
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
    return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace assay::tools
