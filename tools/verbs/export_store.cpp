#include "libanalysis/store/export.hpp"
#include "tools/analysis.hpp"
#include "tools/output_file.hpp"
#include "tools/parse.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

int run(const std::vector<std::string>& words) {
    std::string format = "csv", output;
    po::options_description description("Options");
    description.add_options()
        ("format", po::value(&format)->value_name("F"), "csv or jsonl (csv)")
        ("output,o", po::value(&output)->value_name("FILE"), "where to write (standard output)")
        ("json", po::bool_switch(), "the same as --format jsonl");
    const auto values = parse({"assay export STORE [options]",
                               "Writes a row a model: model, status, metric.* (logged), config.*, measure.<name>[k=v].<convention>. Numbers have the fewest digits that read "
                               "back as the same double; what is missing is an empty cell (csv) or null (jsonl).",
                               {"assay export zoo.assay --format csv -o zoo.csv", "assay export zoo.assay --format jsonl | head -1"}, "STORE"}, description, words);
    if (!values) return 0;
    if ((*values)["json"].as<bool>()) format = "jsonl";
    if (format != "csv" && format != "jsonl") throw Error(ErrorKind::usage, {"--format", "csv or jsonl", format});
    const std::string path = (*values)["STORE"].as<std::string>();
    check_is_no_input("--output", output, std::array{path});
    const store::Store store(path, store::Store::Mode::read);
    std::string whole;
    const store::Sink sink = [&](std::string_view text) {
        if (!output.empty()) whole += text;
        else if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size())
            throw Error(ErrorKind::resource, {"standard output", "", "cannot be written", ""});
    };
    if (format == "csv") store::export_csv(store, sink);
    else store::export_jsonl(store, sink);
    if (!output.empty()) write_whole(output, whole);
    return 0;
}

}  // namespace

extern const Verb export_store{.name = "export", .summary = "a store as CSV or JSON lines", .run = run};

}  // namespace assay::tools::verbs
