#pragma once
// The parts that every page shares: the document around a body, tables that sort, facts.

#include "libanalysis/core/json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace assay::report {

struct Document {
    std::string title;         ///< plain text
    std::string body;          ///< HTML, with one element of the id "main" for those who skip what is above it
    Json data;                 ///< what the script reads from #data
    std::string script;        ///< run after D3, chart.js and tables.js
};
/// One self-contained HTML file: style, data and scripts inside, no network.
std::string document(const Document& document);

/// A cell that sorts by a number whatever it shows.
std::string number_cell(double value, const std::string& text);
/// A name in <code> that may break after its joints, not inside a word.
std::string code(std::string_view name);

struct Heading { std::string title; bool numeric; };
/// `caption` is HTML, headings are plain text. `also`: a further class.
std::string table_start(std::string_view id, const std::string& caption, const std::vector<Heading>& headings, std::string_view also = {});
inline constexpr std::string_view table_end = "</tbody></table></div>\n";

/// An item of <dl class="facts">; all HTML.
std::string fact(std::string_view name, const std::string& value, const std::string& note);

}  // namespace assay::report
