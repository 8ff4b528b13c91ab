#include "libanalysis/core/context.hpp"
#include "libanalysis/report/figures.hpp"
#include "libanalysis/report/page.hpp"
#include "tools/analysis.hpp"
#include "tools/gnuplot.hpp"
#include "tools/output_file.hpp"
#include "tools/parse.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <system_error>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

// Pairs of files: what gnuplot reads, and what it draws.
std::vector<std::string> write_figures(const std::vector<report::Figure>& figures, const std::filesystem::path& folder) {
    std::error_code failed;
    std::filesystem::create_directories(folder, failed);
    if (failed) throw Error(ErrorKind::resource, {folder.string(), "a folder to write figures to", failed.message()});
    std::vector<std::string> written;
    for (const report::Figure& figure : figures) {
        const std::filesystem::path script = folder / (figure.name + ".gnuplot"), svg = folder / (figure.name + ".svg");
        write_whole(script, figure.script);
        draw_svg(script, svg);
        written.push_back(svg.string());
    }
    return written;
}

int run(const std::vector<std::string>& words) {
    std::string output, folder;
    report::PageOptions options;
    report::FindingsOptions finding;
    std::uint64_t seed = 0;
    po::options_description description("Options");
    description.add_options()
        ("output,o", po::value(&output)->required(), "the HTML file")
        ("group", po::value(&finding.group), "config column whose values are held out in turn (default: the one with most values, of several the hardest)")
        ("replicates", po::value(&finding.replicates)->default_value(1000), "bootstrap resamples and permutations (at most 200 in the heat map)")
        ("figures", po::value(&folder)->value_name("DIR"), "the charts as SVG files as well, for a paper, drawn by gnuplot, whose input lies beside them")
        ("seed", po::value(&seed)->default_value(0), "of every random choice")
        ("json", po::bool_switch(), "print what was written as JSON");
    const auto values = parse({"assay report STORE -o FILE [options]",
                               "Writes one HTML page about a zoo: ranking, what predicts, charts, failures, provenance. It needs no network and no other file.",
                               {"assay report zoo.assay -o report.html", "assay report zoo.assay -o report.html --figures figures"}, "STORE"}, description, words);
    if (!values) return 0;
    const std::string path = (*values)["STORE"].as<std::string>();
    check_is_no_input("--output", output, std::array{path});
    // A store whose models all failed still has its failures to show.
    const report::Content content = report::content_of(store::Store(path, store::Store::Mode::read));
    options.store_name = std::filesystem::path(path).filename().string();
    options.seed = Seed{seed};
    options.tool_version = tool_version();
    finding.seed = options.seed;
    finding.threads = usable_processors();
    finding.refusal = feature_refusal;
    finding.needs_test_labels = needs_test_labels;
    finding.falls = falls_with_gap;
    options.describe = describe_measure;
    const report::Findings found = report::find(content, finding);
    const std::string html = report::page(content, found, options);
    write_whole(output, html);
    const std::vector<std::string> written = folder.empty() ? std::vector<std::string>{} : write_figures(report::figures(found), folder);
    if ((*values)["json"].as<bool>())
        fmt::print("{}\n", Json{{"schema_version", 1}, {"report", output}, {"bytes", html.size()}, {"models", content.table.models.size()}, {"figures", written}}.dump(
                               2, ' ', false, Json::error_handler_t::replace));
    else {
        fmt::print("written: {} ({} kB)\n", printable(output), html.size() / 1000);
        for (const std::string& figure : written) fmt::print("written: {}\n", printable(figure));
    }
    return 0;
}

}  // namespace

extern const Verb report{.name = "report", .summary = "one self-contained HTML page about a zoo", .run = run};

}  // namespace assay::tools::verbs
