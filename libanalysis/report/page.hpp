#pragma once
// One self-contained HTML page about a zoo: ranking, what predicts and where it breaks, charts, failures, provenance. No network, no other file.

#include "libanalysis/report/findings.hpp"

namespace assay::report {

struct PageOptions {
    std::string store_name;     ///< shown as the source
    std::string tool_version;
    Seed seed{};                ///< that the findings were made with
    std::function<std::string(std::string_view measure)> describe{};   ///< one sentence about a measure
};

/// What could not be found out is said in its place; the page is written all the same.
std::string page(const Content& content, const Findings& found, const PageOptions& options);

}  // namespace assay::report
