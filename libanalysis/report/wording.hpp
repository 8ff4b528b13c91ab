#pragma once
// Numbers and roles as a page writes them.

#include "libanalysis/core/json.hpp"
#include "libanalysis/evaluate/evaluation.hpp"

#include <string>
#include <string_view>

namespace assay::report {

/// "3.25&nbsp;%"; nothing of what is not finite.
std::string percent(double fraction);
/// With a typographic minus, which is as wide as a digit; nothing of what is not finite.
std::string decimals(double value, int digits = 3);
/// Five significant digits, in the same way.
std::string significant(double value, int digits = 5);
Json number_or_null(double value);

std::string_view kind(evaluate::Role role);
/// The first letter large, escaped.
std::string capital(std::string text);

}  // namespace assay::report
