#include "libanalysis/report/heat_map.hpp"

#include "libanalysis/core/text.hpp"
#include "libanalysis/report/document.hpp"
#include "libanalysis/report/html.hpp"
#include "libanalysis/report/wording.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace assay::report {
namespace {

// Headings of columns: a symbol that fits above a number.
std::string heading(const evaluate::Protocol& protocol) {
    if (protocol.name == "kendall") return "\u03c4";
    if (protocol.name == "psi") return "\u03a8";
    if (protocol.name == "partial") return "\u03c1 partial";
    if (protocol.name == "pgdl") return "CMI";
    return std::string(protocol.name);
}

int digits(const evaluate::Protocol& protocol) { return std::max(2, protocol.decimals - 1); }

// Four steps to either side: "h3", "hm2"; nothing near zero.
std::string tone_class(double tone) {
    const long step = std::lround(4 * tone);
    return step == 0 ? "" : step > 0 ? fmt::format(" h{}", step) : fmt::format(" hm{}", -step);
}

// A score of the measure with its sign turned: a minus in brackets, so that it is not read as the number's.
constexpr std::string_view turned_html = "<span class=\"turned\" aria-hidden=\"true\">(\u2212)</span> <span class=\"unseen\">sign turned: </span>";

std::string cell_html(const MatrixColumn& column, const MatrixCell& cell) {
    if (!std::isfinite(cell.score)) return "<td class=\"n cell\" data-value=\"\"><span class=\"unseen\">" + escaped(cell.reason) + "</span></td>";
    const int places = digits(*column.protocol);
    std::string html = fmt::format("<td class=\"n cell{}{}\" data-value=\"{:.17g}\">{}{}", tone_class(cell.tone), cell.beyond_luck ? " beyond" : "", cell.score,
                                   cell.negated ? turned_html : "", decimals(cell.score, places));
    if (std::isfinite(cell.interval.low))
        html += "<span class=\"interval-text\"> <span class=\"unseen\">interval </span>" + decimals(cell.interval.low, places) + " to " + decimals(cell.interval.high, places) + "</span>";
    if (cell.beyond_luck) html += "<span class=\"unseen\"> beyond luck</span>";
    return html + "</td>";
}

std::string rows_html(const ProtocolMatrix& matrix, bool baselines, const std::function<std::string(std::string_view)>& describe) {
    std::string html;
    for (const MatrixRow& row : matrix.rows) {
        if ((row.role == evaluate::Role::baseline) != baselines) continue;
        const std::string about = describe ? describe(evaluate::split_column(row.measure).measure) : "";
        html += fmt::format("<tr{}><th scope=\"row\"{}>{}{}</th>", baselines ? " class=\"trivial\"" : "", about.empty() ? "" : " title=\"" + escaped(about) + "\"",
                            code(row.measure), baselines ? " <span class=\"muted\">baseline</span>" : "");
        for (std::size_t c = 0; c < matrix.columns.size(); ++c) html += cell_html(matrix.columns[c], row.cells[c]);
        html += "</tr>\n";
    }
    return html;
}

std::string about_protocols(const ProtocolMatrix& matrix) {
    std::string html = "<details><summary>What the protocols ask</summary>\n<dl class=\"provenance\">\n";
    for (const MatrixColumn& column : matrix.columns) {
        const evaluate::Protocol& protocol = *column.protocol;
        html += fmt::format("<dt>{} ({})</dt><dd>{}. A measure that knows nothing has {}, the best there is {}. {} <span class=\"muted\">{}</span></dd>\n",
                            escaped(heading(protocol)), escaped(std::string(protocol.name)), capital(std::string(protocol.summary)),
                            significant(column.uninformed, 3), significant(protocol.perfect, 3),
                            column.replicates == 0 ? "No intervals and no luck: resampling it takes too long for a page; assay evaluate does it."
                                                   : fmt::format("{}; the best of all by luck: {}.", column.intervals.empty() ? "No intervals: a largest error is an end of its own resamples" : "Intervals: " + column.intervals, decimals(column.chance.largest, digits(protocol))),
                            escaped(std::string(protocol.source)));
    }
    html += "</dl>\n</details>\n";
    return html;
}

std::string table(const ProtocolMatrix& matrix, const std::function<std::string(std::string_view)>& describe) {
    std::vector<Heading> headings{{"Measure", false}};
    for (const MatrixColumn& column : matrix.columns) headings.push_back({heading(*column.protocol), true});
    std::string html = table_start("matrix-" + matrix.target.name,
                                   fmt::format("{}, {} models. Baselines stay on top.", capital(matrix.target.title), matrix.target.models), headings, "matrix");
    html += rows_html(matrix, true, describe) + "</tbody><tbody>\n" + rows_html(matrix, false, describe) + std::string(table_end);
    for (const ProtocolMatrix::Absent& absent : matrix.absent)
        html += fmt::format("<p class=\"note\">Not on this zoo: {} &ndash; {}.</p>\n", code(absent.protocol->name), escaped(absent.reason));
    return html + about_protocols(matrix);
}

}  // namespace

std::string heat_map_section(const std::vector<ProtocolMatrix>& matrices, const std::function<std::string(std::string_view)>& describe) {
    std::string html = "<section aria-labelledby=\"h-protocols\">\n<h2 id=\"h-protocols\">Measures under every protocol</h2>\n"
                       "<p>One number hides what another would show: each protocol asks its own question of the same measure. Colour runs from knowing nothing "
                       "(no colour) to the strongest in its column: blue where the measure itself orders as the target does, orange where it orders the other way "
                       "round, as a margin should, in every column alike. (\u2212) before a score: that of the measure with its sign turned, since it is held to fall with the "
                       "gap and the protocol asks for growth. CMI has no direction: its colour is that of \u03c4. Bold: beyond what the best of all measures reaches by luck, in one direction or the other.</p>\n"
                       "<p class=\"scale\" aria-hidden=\"true\"><span class=\"hm4\"></span><span class=\"hm3\"></span><span class=\"hm2\"></span><span class=\"hm1\"></span>"
                       "<span></span><span class=\"h1\"></span><span class=\"h2\"></span><span class=\"h3\"></span><span class=\"h4\"></span> the other way round &ndash; nothing "
                       "&ndash; as the target does</p>\n"
                       "<div class=\"controls\" hidden><fieldset class=\"target-choice\"><legend>Target</legend></fieldset>"
                       "<button type=\"button\" id=\"show-intervals\" aria-pressed=\"false\">Show intervals</button></div>\n";
    for (const ProtocolMatrix& matrix : matrices)
        html += fmt::format("<div class=\"per-target\" data-target=\"{}\">\n", escaped(matrix.target.name)) + table(matrix, describe) + "</div>\n";
    return html + "</section>\n";
}

Json heat_map_data(const std::vector<ProtocolMatrix>& matrices) {
    Json all = Json::array();
    for (const ProtocolMatrix& matrix : matrices) {
        Json one{{"target", matrix.target.name}, {"protocols", Json::array()}, {"rows", Json::array()}};
        for (const MatrixColumn& column : matrix.columns)
            one["protocols"].push_back({{"name", column.protocol->name}, {"digits", digits(*column.protocol)}, {"uninformed", number_or_null(column.uninformed)},
                                        {"perfect", column.protocol->perfect}, {"luck", number_or_null(column.chance.largest)}, {"replicates", column.replicates}});
        for (const MatrixRow& row : matrix.rows) {
            Json cells = Json::array();
            for (const MatrixCell& cell : row.cells) {
                Json item{{"score", number_or_null(cell.score)}, {"low", number_or_null(cell.interval.low)}, {"high", number_or_null(cell.interval.high)},
                          {"beyond", cell.beyond_luck}};
                if (cell.negated) item["negated"] = true;
                if (!cell.reason.empty()) item["reason"] = cell.reason;
                cells.push_back(std::move(item));
            }
            one["rows"].push_back({{"measure", printable(row.measure)}, {"baseline", row.role == evaluate::Role::baseline}, {"cells", std::move(cells)}});
        }
        all.push_back(std::move(one));
    }
    return all;
}

}  // namespace assay::report
