#include "libanalysis/report/wording.hpp"

#include "libanalysis/report/html.hpp"

#include <fmt/format.h>

#include <cmath>

namespace assay::report {
namespace {

std::string with_minus(const std::string& text) { return text.starts_with('-') ? "\u2212" + text.substr(1) : text; }

}  // namespace

std::string percent(double fraction) { return std::isfinite(fraction) ? fmt::format("{:.2f}&nbsp;%", 100 * fraction) : ""; }

std::string decimals(double value, int digits) { return std::isfinite(value) ? with_minus(fmt::format("{:.{}f}", value, digits)) : ""; }

std::string significant(double value, int digits) { return std::isfinite(value) ? with_minus(fmt::format("{:.{}g}", value, digits)) : ""; }

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

std::string_view kind(evaluate::Role role) {
    switch (role) {
        case evaluate::Role::measure: return "measure";
        case evaluate::Role::baseline: return "baseline";
        case evaluate::Role::part_of_target: return "part of the gap";
        case evaluate::Role::needs_test_labels: return "looks at test labels";
    }
    return "";
}

std::string capital(std::string text) {
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
    return escaped(text);
}

}  // namespace assay::report
