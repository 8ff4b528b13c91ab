#include "libanalysis/report/document.hpp"

#include "libanalysis/report/assets.hpp"
#include "libanalysis/report/html.hpp"

#include <fmt/format.h>

#include <cmath>

namespace assay::report {
namespace {

constexpr std::string_view licence =
    "Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following "
    "conditions are met: (1) Redistributions of source code must retain the above copyright notice, this list of conditions and the "
    "following disclaimer. (2) Redistributions in binary form must reproduce the above copyright notice, this list of conditions and "
    "the following disclaimer in the documentation and/or other materials provided with the distribution. (3) The name Michael "
    "Bostock may not be used to endorse or promote products derived from this software without specific prior written permission.\n"
    "THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS \"AS IS\" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, "
    "BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT "
    "SHALL MICHAEL BOSTOCK BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, "
    "BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER "
    "CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING "
    "IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.";

}  // namespace

std::string document(const Document& page) {
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"color-scheme\" content=\"light dark\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'\">\n<title>{}</title>\n<style>\n{}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">Skip to the contents</a>\n{}"
        "<div id=\"tip\" role=\"status\" hidden></div>\n<script type=\"application/json\" id=\"data\">{}</script>\n"
        "<!-- D3 3.5, https://d3js.org. Copyright (c) 2010-2016, Michael Bostock; colour palettes (c) 2002 Cynthia Brewer, Mark Harrower "
        "and The Pennsylvania State University.\n{}\n-->\n<script>{}</script>\n<script>\n{}{}</script>\n<script>\n{}</script>\n</body>\n</html>\n",
        escaped(page.title), assets::page_css, page.body, script_json(page.data), licence, assets::d3_min_js, assets::chart_js, assets::tables_js,
        page.script);
}

std::string number_cell(double value, const std::string& text) {
    return fmt::format("<td class=\"n\" data-value=\"{}\">{}</td>", std::isfinite(value) ? fmt::format("{:.17g}", value) : "", text);
}

std::string code(std::string_view name) {
    std::string html = "<code>";
    for (const char c : escaped(name)) {
        html += c;
        if (c == '_' || c == '.' || c == '=' || c == ',') html += "<wbr>";
    }
    return html + "</code>";
}

std::string table_start(std::string_view id, const std::string& caption, const std::vector<Heading>& headings, std::string_view also) {
    std::string html = fmt::format("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-labelledby=\"{0}-caption\"><table id=\"{0}\" "
                                   "class=\"sortable{2}{3}\"><caption id=\"{0}-caption\">{1}</caption><thead><tr>", id, caption, also.empty() ? "" : " ", also);
    for (const Heading& heading : headings)
        html += fmt::format("<th scope=\"col\"{}>{}</th>", heading.numeric ? " class=\"n\"" : "", escaped(heading.title));
    return html + "</tr></thead><tbody>\n";
}

std::string fact(std::string_view name, const std::string& value, const std::string& note) {
    return fmt::format("<div><dt>{}</dt><dd><b>{}</b><span>{}</span></dd></div>\n", name, value, note);
}

}  // namespace assay::report
