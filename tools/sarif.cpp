#include "tools/sarif.hpp"

#include "libanalysis/core/text.hpp"

#include <fmt/format.h>

#include <map>

namespace assay::tools {
namespace {

// RFC 3986: what may not stand in a path is written as %XX.
std::string uri(const std::string& path) {
    std::string text;
    for (const unsigned char c : path) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-._~/").find(static_cast<char>(c)) != std::string_view::npos;
        text += plain ? std::string(1, static_cast<char>(c)) : fmt::format("%{:02X}", c);
    }
    return path.starts_with('/') ? "file://" + text : text;
}

}  // namespace

Json sarif(std::span<const lint::Finding> findings, const std::string& version) {
    Json rules = Json::array(), results = Json::array();
    std::map<std::string_view, std::size_t> index;
    for (const lint::Rule* rule : lint::rules()) {
        index[rule->id] = rules.size();
        rules.push_back({{"id", rule->id}, {"shortDescription", {{"text", rule->summary}}}, {"fullDescription", {{"text", rule->explanation}}},
                         {"help", {{"text", rule->advice}}}, {"defaultConfiguration", {{"level", lint::to_string(rule->severity)}}}});
    }
    for (const lint::Finding& finding : findings) {
        Json location{{"physicalLocation", {{"artifactLocation", {{"uri", uri(finding.file)}}}}}};
        if (!finding.where.empty()) location["logicalLocations"] = Json::array({{{"name", printable(finding.where)}, {"kind", "object"}}});
        results.push_back({{"ruleId", finding.rule}, {"ruleIndex", index.at(finding.rule)}, {"level", lint::to_string(finding.severity)},
                           {"message", {{"text", printable(finding.where.empty() ? finding.message : finding.where + ": " + finding.message)}}},
                           {"locations", Json::array({location})}});
    }
    return {{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"},
            {"runs", Json::array({{{"tool", {{"driver", {{"name", "assay"}, {"version", version}, {"rules", std::move(rules)}}}}},
                                   {"columnKind", "utf16CodeUnits"}, {"results", std::move(results)}}})}};
}

}  // namespace assay::tools
