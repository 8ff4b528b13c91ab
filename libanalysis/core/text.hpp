#pragma once
// Text from strangers (file names, layer names, cells of tables): made safe to show, taken apart.

#include <optional>
#include <string>
#include <string_view>

namespace assay {

/// Valid UTF-8 without control characters: line feeds, escape sequences and bytes that are no UTF-8 become \xNN.
std::string printable(std::string_view text);

/// The whole word as a number, "nan" and "inf" too; nothing where it is empty or something else.
std::optional<double> number_of(const std::string& word);
/// The same, and nothing for what is not finite.
std::optional<double> finite_number_of(const std::string& word);

/// The name without a prefix that it may have.
std::string_view without(std::string_view prefix, std::string_view name);

}  // namespace assay
