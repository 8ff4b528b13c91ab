#include "libanalysis/store/store.hpp"
#include "tools/parse.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

int run(const std::vector<std::string>& words) {
    std::string output;
    po::options_description description("Options");
    description.add_options()
        ("store,o", po::value(&output)->required()->value_name("FILE"), "the store to merge into; made where it is absent")
        ("json", po::bool_switch(), "print JSON");
    const auto values = parse({"assay zoo merge -o FILE STORE... [--json]",
                               "Merges the stores of shards into one. The order does not matter and repeating changes nothing. Of two values with one key and different "
                               "bits a fixed rule keeps one; what differs by more than the stated error is listed.",
                               {"assay zoo merge -o zoo.assay part0.assay part1.assay part2.assay"}, "STORE", true}, description, words);
    if (!values) return 0;
    const auto& inputs = (*values)["STORE"].as<std::vector<std::string>>();
    // Everything is opened before anything is written.
    std::vector<store::Store> parts;
    for (const std::string& input : inputs) {
        std::error_code ignored;
        if (std::filesystem::equivalent(input, output, ignored)) throw Error(ErrorKind::usage, {input, "other stores than the one of -o", "the same", ""});
        parts.emplace_back(input, store::Store::Mode::read);
    }
    store::Store store(output, store::Store::Mode::write);
    store::Store::MergeReport total;
    for (const store::Store& part : parts) {
        const auto report = store.merge(part);
        total.added += report.added;
        total.equal += report.equal;
        total.replaced += report.replaced;
        total.conflicts.insert(total.conflicts.end(), report.conflicts.begin(), report.conflicts.end());
    }
    if ((*values)["json"].as<bool>()) {
        fmt::print("{}\n", Json{{"schema_version", 1}, {"store", output}, {"models", store.models().size()}, {"added", total.added}, {"equal", total.equal},
                                {"replaced", total.replaced}, {"conflicts", total.conflicts}}.dump(2, ' ', false, Json::error_handler_t::replace));
        return 0;
    }
    fmt::print("{}: {} models; {} values added, {} were there with the same bits, {} replaced\n", printable(output), store.models().size(), total.added, total.equal, total.replaced);
    for (const std::string& conflict : total.conflicts) fmt::print("differs by more than the stated error: {}\n", printable(conflict));
    return 0;
}

}  // namespace

extern const Verb zoo_merge{.name = "zoo merge", .summary = "merge the stores of shards", .run = run};

}  // namespace assay::tools::verbs
