#pragma once
// One self-contained HTML page about a zoo: ranking, what predicts, charts, failures, provenance. No network, no other file.

#include "libanalysis/core/seed.hpp"
#include "libanalysis/predict/features.hpp"
#include "libanalysis/report/content.hpp"

#include <functional>

namespace assay::report {

struct PageOptions {
    std::string store_name;     ///< shown as the source
    std::string group{};        ///< held out for the ranking; empty: chosen as predict::fit does
    std::size_t replicates = 1000;
    Seed seed{};
    std::string tool_version;
    predict::Refusal refusal{};                                        ///< required: which measures may not be features
    std::function<bool(std::string_view measure)> needs_test_labels{};
    std::function<std::string(std::string_view measure)> describe{};   ///< one sentence about a measure
};

/// What cannot be made (no target, too few models) is said in its place; the page is written all the same.
std::string page(const Content& content, const PageOptions& options);

}  // namespace assay::report
