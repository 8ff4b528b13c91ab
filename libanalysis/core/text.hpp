#pragma once
// Text from strangers (file names, layer names) made safe to show.

#include <string>
#include <string_view>

namespace assay {

/// Valid UTF-8 without control characters: line feeds, escape sequences and bytes that are no UTF-8 become \xNN.
std::string printable(std::string_view text);

}  // namespace assay
