#include "libanalysis/report/page.hpp"
#include "tools/analysis.hpp"
#include "tools/parse.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

int run(const std::vector<std::string>& words) {
    std::string output;
    report::PageOptions options;
    report::FindingsOptions finding;
    std::uint64_t seed = 0;
    po::options_description description("Options");
    description.add_options()
        ("output,o", po::value(&output)->required(), "the HTML file")
        ("group", po::value(&finding.group), "config column whose values are held out in turn (default: the one with most values)")
        ("replicates", po::value(&finding.replicates)->default_value(1000), "bootstrap resamples and permutations (at most 200 in the heat map)")
        ("seed", po::value(&seed)->default_value(0), "of every random choice")
        ("json", po::bool_switch(), "print what was written as JSON");
    const auto values = parse({"assay report STORE -o FILE [options]",
                               "Writes one HTML page about a zoo: ranking, what predicts, charts, failures, provenance. It needs no network and no other file.",
                               {"assay report zoo.assay -o report.html"}, "STORE"}, description, words);
    if (!values) return 0;
    const std::string path = (*values)["STORE"].as<std::string>();
    // A store whose models all failed still has its failures to show.
    const report::Content content = report::content_of(store::Store(path, store::Store::Mode::read));
    options.store_name = std::filesystem::path(path).filename().string();
    options.seed = Seed{seed};
    options.tool_version = tool_version();
    finding.seed = options.seed;
    finding.refusal = feature_refusal;
    finding.needs_test_labels = needs_test_labels;
    finding.falls = falls_with_gap;
    options.describe = describe_measure;
    const std::string html = report::page(content, report::find(content, finding), options);
    write_whole(output, html);
    if ((*values)["json"].as<bool>())
        fmt::print("{}\n", Json{{"schema_version", 1}, {"report", output}, {"bytes", html.size()}, {"models", content.table.models.size()}}.dump(
                               2, ' ', false, Json::error_handler_t::replace));
    else fmt::print("written: {} ({} kB)\n", printable(output), html.size() / 1000);
    return 0;
}

}  // namespace

extern const Verb report{.name = "report", .summary = "one self-contained HTML page about a zoo", .run = run};

}  // namespace assay::tools::verbs
