#include "libanalysis/core/csv.hpp"

#include "libanalysis/core/error.hpp"

namespace assay {

std::vector<CsvRow> parse_csv(std::string_view text, std::string_view where) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    if (text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"))
        throw Error(ErrorKind::format, {std::string(where), "text in UTF-8", "UTF-16, by its byte order mark", "Save it as CSV in UTF-8"});
    std::vector<CsvRow> rows;
    std::size_t line = 1, at = 0;
    while (at < text.size()) {
        CsvRow row{line, {}};
        bool quoted_any = false;
        for (bool more = true; more;) {
            std::string cell;
            if (at < text.size() && text[at] == '"') {
                quoted_any = true;
                const std::size_t opened = line;
                for (++at;;) {
                    if (at >= text.size())
                        throw Error(ErrorKind::format, {std::string(where) + " line " + std::to_string(opened), "a closing quote", "the end of the file"});
                    if (text[at] == '"') {
                        if (at + 1 < text.size() && text[at + 1] == '"') { cell += '"'; at += 2; continue; }
                        ++at;
                        break;
                    }
                    if (text[at] == '\n') ++line;
                    cell += text[at++];
                }
                if (at < text.size() && text[at] != ',' && text[at] != '\n' && text[at] != '\r')
                    throw Error(ErrorKind::format, {std::string(where) + " line " + std::to_string(line), "a comma or line end after a quoted cell",
                                                    std::string("'") + text[at] + "'"});
            } else {
                while (at < text.size() && text[at] != ',' && text[at] != '\n' && text[at] != '\r') cell += text[at++];
            }
            row.cells.push_back(std::move(cell));
            more = at < text.size() && text[at] == ',';
            if (more) ++at;
        }
        if (at < text.size() && text[at] == '\r') ++at;
        if (at < text.size() && text[at] == '\n') ++at;
        ++line;
        const bool blank = row.cells.size() == 1 && row.cells[0].empty() && !quoted_any;
        if (!blank) rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace assay
