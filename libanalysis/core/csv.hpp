#pragma once
// Comma-separated values as RFC 4180 has them: quotes, doubled quotes, line ends inside quotes, CR LF, a byte order mark.

#include <string>
#include <string_view>
#include <vector>

namespace assay {

struct CsvRow {
    std::size_t line = 0;             ///< of its first character, from 1
    std::vector<std::string> cells;
};

/// Every row, the header too; blank lines are left out. @throws Error{format} naming the line of an open quote, or for UTF-16.
std::vector<CsvRow> parse_csv(std::string_view text, std::string_view where);

}  // namespace assay
