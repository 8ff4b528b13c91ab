#include "libanalysis/report/spectrum_page.hpp"

#include "libanalysis/report/assets.hpp"
#include "libanalysis/report/document.hpp"
#include "libanalysis/report/html.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

namespace assay::report {
namespace {

double value_of(const Json& json) { return json.is_null() ? std::nan("") : number_from_json(json); }

std::string number(double value, int digits = 5) {
    if (!std::isfinite(value)) return std::isnan(value) ? "" : value > 0 ? "inf" : "\u2212inf";
    return value < 0 ? fmt::format("\u2212{:.{}g}", -value, digits) : fmt::format("{:.{}g}", value, digits);
}
std::string cell(const Json& json, int digits = 5) { return number_cell(value_of(json), number(value_of(json), digits)); }
/// Estimates far below rounding say no more than that.
std::string residual_cell(const Json& json) {
    const double value = value_of(json);
    return number_cell(value, value < 1e-12 ? "&lt;1e-12" : number(value, 2));
}
std::string text(const Json& json) { return escaped(json.get<std::string>()); }

std::string plus_minus(const Json& estimate) {
    return estimate["method"] == "exact" ? "exact" : "&plusmn;&nbsp;" + number(value_of(estimate["standard_error"]), 2) + ", " + text(estimate["method"]);
}

std::string header(const Json& result) {
    std::string html = fmt::format("<header>\n<p class=\"eyebrow\">Assay curvature: {}</p>\n<h1>{}</h1>\n<dl class=\"facts\">\n", text(result["operator"]),
                                   escaped(std::filesystem::path(result["path"].get<std::string>()).filename().string()));
    const Json* largest = nullptr;
    const Json* smallest = nullptr;
    for (const Json& pair : result["eigenvalues"]) {
        if (pair["end"] == "largest" && !largest) largest = &pair;
        if (pair["end"] == "smallest" && !smallest) smallest = &pair;
    }
    const auto residual = [](const Json& pair) {
        const double known = value_of(pair["true_residual"].is_null() ? pair["residual"] : pair["true_residual"]);
        return "residual " + number(known, 2) + (pair["converged"].get<bool>() ? "" : ", not converged");
    };
    if (largest) html += fact("Largest eigenvalue", number(value_of((*largest)["value"])), residual(*largest));
    if (smallest) html += fact("Smallest eigenvalue", number(value_of((*smallest)["value"])), residual(*smallest));
    if (!result["trace"].is_null()) html += fact("Trace", number(value_of(result["trace"]["value"])), plus_minus(result["trace"]));
    html += fact("Samples", std::to_string(result["samples"].get<std::int64_t>()), fmt::format("of {} rows", result["sample"]["of"].get<std::int64_t>()));
    return html + "</dl>\n</header>\n";
}

std::string density(const Json& result) {
    if (result["density"].is_null()) return "";
    const Json& density = result["density"];
    return fmt::format("<section aria-labelledby=\"h-density\">\n<h2 id=\"h-density\">Spectral density</h2>\n"
                       "<p>Share of the {} eigenvalues per unit of eigenvalue, from {} probes of {} Lanczos steps, smoothed by a Gaussian of "
                       "width {}. A single eigenvalue is as high as the dashed line. Marks below the curve are eigenvalues found one by one; "
                       "filled ones lie beyond the bulk, which ends where the curve first falls below half that height.</p>\n"
                       "<figure class=\"wide\"><div class=\"chart\" id=\"density\"></div><figcaption>Logarithmic in height. "
                       "<a id=\"save-svg\" download=\"spectrum.svg\" hidden>Save as SVG</a></figcaption></figure>\n"
                       "<noscript><p class=\"note\">The chart needs JavaScript; the tables hold the eigenvalues.</p></noscript>\n</section>\n",
                       result["parameters"].get<std::size_t>(), density["probes"].get<std::size_t>(), density["steps"].get<std::size_t>(),
                       number(value_of(density["smooth"]["sigma"]), 3));
}

std::string eigenvalues(const Json& result) {
    std::string html = "<section aria-labelledby=\"h-eigenvalues\">\n<h2 id=\"h-eigenvalues\">Eigenvalues</h2>\n";
    html += table_start("eigenvalues", fmt::format("By {} with {} products; a pair converged when its residual is within {} of its size.", text(result["solver"]),
                                                   result["search"]["products"].get<std::size_t>(), number(value_of(result["tolerance"]), 2)),
                        {{"End", false}, {"Eigenvalue", true}, {"Residual", true}, {"True residual", true}, {"Converged", false}, {"Outlier", false}});
    for (const Json& pair : result["eigenvalues"])
        html += "<tr><th scope=\"row\">" + text(pair["end"]) + "</th>" + cell(pair["value"], 7) + residual_cell(pair["residual"]) + residual_cell(pair["true_residual"]) +
                fmt::format("<td>{}</td><td>{}</td></tr>\n", pair["converged"].get<bool>() ? "yes" : "no", pair["outlier"].get<bool>() ? "yes" : "");
    return html + std::string(table_end) + "</section>\n";
}

std::string layers(const Json& result) {
    if (!result["layers"].is_array() || result["layers"].empty()) return "";
    std::string html = "<section aria-labelledby=\"h-layers\">\n<h2 id=\"h-layers\">Layers</h2>\n";
    html += table_start("layers", "Traces of the diagonal blocks.", {{"Layer", false}, {"Parameters", true}, {"Trace", true}, {"Error", false}, {"Largest eigenvalue", true}});
    for (const Json& layer : result["layers"])
        html += "<tr><th scope=\"row\">" + code(layer["name"].get<std::string>()) + "</th>" + cell(layer["parameters"], 10) + cell(layer["trace"]["value"]) + "<td>" +
                plus_minus(layer["trace"]) + "</td>" + cell(layer["largest"].is_null() ? Json() : layer["largest"]["value"]) + "</tr>\n";
    return html + std::string(table_end) + "</section>\n";
}

std::string provenance(const Json& result) {
    std::string html = "<section aria-labelledby=\"h-provenance\">\n<h2 id=\"h-provenance\">How these numbers came about</h2>\n<dl class=\"provenance\">\n";
    const auto item = [&](std::string_view name, const std::string& value) { html += fmt::format("<dt>{}</dt><dd>{}</dd>\n", name, value); };
    const Json& sample = result["sample"];
    item("Model", "<code>" + text(result["path"]) + "</code>");
    item("Objective", text(result["objective"]));
    item("Loss", fmt::format("{}, gradient norm {}", number(value_of(result["loss"])), number(value_of(result["gradient_norm"]))));
    item("Rows", fmt::format("{} of {} of {}/ ({}), inputs {}; <code>{}</code>", result["samples"].get<std::int64_t>(), sample["of"].get<std::int64_t>(),
                             text(sample["split"]), text(sample["rule"]), text(sample["preprocessing"]), text(sample["data"])));
    if (const Json& halves = result["halves"]; !halves.is_null())
        item("Sample size", fmt::format("largest eigenvalue {} and {} on two halves of the rows", number(value_of(halves["halves"][0]["largest"]["value"])),
                                        number(value_of(halves["halves"][1]["largest"]["value"]))));
    if (!result["trace"].is_null()) item("Trace", text(result["trace"]["reason"]));
    if (const Json& kinks = result["kinks"]; !kinks.is_null())
        item("Kinks", fmt::format("{:.3g}&nbsp;% of the pre-activations lie within {} of a kink", 100 * kinks["share"].get<double>(), number(value_of(kinks["delta"]))));
    item("Cost", fmt::format("{} products of {}&nbsp;s; a gradient takes {}&nbsp;s; cached {} of {} batches", result["products"].get<std::size_t>(),
                             number(value_of(result["seconds"]["product"]), 3), number(value_of(result["seconds"]["gradient"]), 3),
                             result["cache"]["cached"].get<std::int64_t>(), result["cache"]["batches"].get<std::int64_t>()));
    item("Arithmetic", fmt::format("{}, {}, {}, seed {}", text(result["precision"]), text(result["device_description"]), text(result["instruction_set"]),
                                   result["seed"].get<std::uint64_t>()));
    item("Program", "Assay " + text(result["version"]));
    return html + "</dl>\n</section>\n";
}

}  // namespace

std::string spectrum_page(const Json& result) {
    Json data{{"parameters", result["parameters"]}, {"operator", result["operator"]}, {"density", nullptr}, {"eigenvalues", Json::array()}};
    if (!result["density"].is_null()) data["density"] = result["density"]["smooth"];
    for (const Json& pair : result["eigenvalues"])
        data["eigenvalues"].push_back({{"value", pair["value"]}, {"end", pair["end"]}, {"outlier", pair["outlier"]},
                                       {"residual", pair["true_residual"].is_null() ? pair["residual"] : pair["true_residual"]}});
    return document({.title = "Curvature of " + std::filesystem::path(result["path"].get<std::string>()).filename().string(),
                     .body = header(result) + "<main id=\"main\">\n" + density(result) + eigenvalues(result) + layers(result) + provenance(result) + "</main>\n",
                     .data = std::move(data), .script = std::string(assets::spectrum_js)});
}

}  // namespace assay::report
