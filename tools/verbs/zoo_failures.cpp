#include "libanalysis/store/store.hpp"
#include "libanalysis/zoo/runner.hpp"
#include "tools/parse.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

// The same reason names another file each time: groups form without names and numbers.
std::string shape_of(const store::ModelRow& row) { return row.error_kind + "\n" + zoo::without_digits(zoo::without_path(row.reason, row.path)); }

int run(const std::vector<std::string>& words) {
    po::options_description description("Options");
    description.add_options()("all", po::bool_switch(), "every model of every group, not the first 5")("json", po::bool_switch(), "print JSON");
    const auto values = parse({"assay zoo failures STORE [options]",
                               "Lists the models that failed, grouped by kind and reason. `assay zoo run ... --retry-failed` tries them again.",
                               {"assay zoo failures zoo.assay", "assay zoo failures zoo.assay --json"}, "STORE"}, description, words);
    if (!values) return 0;
    const store::Store store((*values)["STORE"].as<std::string>(), store::Store::Mode::read);
    std::map<std::string, std::vector<store::ModelRow>> groups;
    std::size_t failed = 0;
    for (store::ModelRow& row : store.models())
        if (row.status == "failed") ++failed, groups[shape_of(row)].push_back(std::move(row));
    std::vector<const std::vector<store::ModelRow>*> ordered;
    for (const auto& [shape, rows] : groups) ordered.push_back(&rows);
    std::stable_sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) { return a->size() > b->size(); });
    if ((*values)["json"].as<bool>()) {
        Json json{{"schema_version", 1}, {"failed", failed}, {"groups", Json::array()}};
        for (const auto* rows : ordered) {
            Json models = Json::array();
            for (const auto& row : *rows) models.push_back({{"model", row.path}, {"reason", row.reason}, {"attempts", row.attempts}, {"seconds", row.seconds}});
            json["groups"].push_back({{"kind", rows->front().error_kind}, {"models", std::move(models)}});
        }
        fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
        return 0;
    }
    fmt::print("{} failed\n", failed);
    for (const auto* rows : ordered) {
        fmt::print("\n{}", wrapped(fmt::format("{} ({}): {}", rows->front().error_kind, rows->size(), printable(rows->size() > 1 ? zoo::without_path(rows->front().reason, rows->front().path) : rows->front().reason))));
        const std::size_t shown = (*values)["all"].as<bool>() ? rows->size() : std::min<std::size_t>(5, rows->size());
        for (std::size_t i = 0; i < shown; ++i) fmt::print("    {}\n", printable((*rows)[i].path));
        if (shown < rows->size()) fmt::print("    ... and {} more (--all)\n", rows->size() - shown);
    }
    return 0;
}

}  // namespace

extern const Verb zoo_failures{.name = "zoo failures", .summary = "which models failed, grouped by reason", .run = run};

}  // namespace assay::tools::verbs
