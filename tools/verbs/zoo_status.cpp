#include "libanalysis/report/content.hpp"
#include "libanalysis/store/store.hpp"
#include "libanalysis/zoo/runner.hpp"
#include "tools/parse.hpp"
#include "tools/quantities.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

struct Counts { std::size_t ok = 0, missing = 0; std::map<std::string, std::size_t> reasons; };

int run(const std::vector<std::string>& words) {
    po::options_description description("Options");
    description.add_options()("json", po::bool_switch(), "print JSON");
    const auto values = parse({"assay zoo status STORE [--json]", "Says how far a zoo run is or was: models by status, values by measure, notes, runs, and who is writing.",
                               {"assay zoo status zoo.assay"}, "STORE"}, description, words);
    if (!values) return 0;
    const std::string path = (*values)["STORE"].as<std::string>();
    const store::Store store(path, store::Store::Mode::read);
    std::map<std::string, std::size_t> statuses;
    std::map<std::string, std::pair<std::string, std::size_t>> notes;
    double seconds = 0;
    for (const store::ModelRow& row : store.models()) {
        ++statuses[row.status];
        seconds += row.seconds;
        if (row.facts.contains("notes"))
            for (const Json& note : row.facts.at("notes"))
                if (note.is_string()) {
                    auto& kept = notes[zoo::without_digits(note.get<std::string>())];
                    if (kept.second++ == 0) kept.first = note.get<std::string>();
                }
    }
    std::map<std::string, Counts> measures;
    for (const store::ValueRow& value : store.values()) {
        if (!value.key.layer.empty()) continue;
        Counts& counts = measures[store::column_of(value.key)];
        if (value.status == "ok") ++counts.ok;
        else ++counts.missing, ++counts.reasons[value.reason];
    }
    const auto holder = store::Store::holder(path);
    const auto runs = store.runs();
    const auto origins = store.origins();
    const Json zoo = store.meta("zoo");
    if ((*values)["json"].as<bool>()) {
        Json json{{"schema_version", 1}, {"store", path}, {"zoo", zoo}, {"models", statuses}, {"model_seconds", seconds}, {"writer", holder ? Json(*holder) : Json()}, {"runs", runs}};
        json["measures"] = Json::object();
        for (const auto& [name, counts] : measures) json["measures"][name] = {{"ok", counts.ok}, {"missing", counts.missing}, {"reasons", counts.reasons}};
        json["computed"] = Json::array();
        for (const store::Origin& origin : origins)
            json["computed"].push_back({{"device", origin.device}, {"instruction_set", origin.instruction_set}, {"precision", origin.precision}, {"values", origin.values}});
        json["notes"] = Json::array();
        for (const auto& [shape, note] : notes) json["notes"].push_back({{"text", note.first}, {"models", note.second}});
        fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
        return 0;
    }
    if (zoo.is_object()) fmt::print("zoo     {}{}\n", zoo.value("title", "").empty() ? "" : printable(zoo.value("title", "")) + ": ", printable(zoo.value("folder", "")));
    std::string list;
    for (const auto& [status, count] : statuses) list += fmt::format("{}{} {}", list.empty() ? "" : ", ", count, status == "not_a_model" ? "not a model" : status);
    fmt::print("models  {}\n", list.empty() ? "none" : list);
    fmt::print("work    {} of worker time\n", seconds_in_words(seconds));
    fmt::print("writer  {}\n", holder ? printable(*holder) + " (running)" : "nobody");
    if (!runs.empty()) fmt::print("runs    {}, the last begun {} on {}\n", runs.size(), printable(runs.back().value("started", "?")), printable(runs.back().value("host", "?")));
    for (const store::Origin& origin : origins) fmt::print("values  {}", wrapped(printable(report::in_words(origin)), std::string(8, ' ')).substr(8));
    for (const auto& [shape, note] : notes) fmt::print("{}", wrapped(fmt::format("note    {} ({} models)", printable(note.first), note.second)));
    if (!measures.empty()) {
        Table table({{"measure", Table::Align::left}, {"ok"}, {"missing"}, {"most frequent reason", Table::Align::left}});
        for (const auto& [name, counts] : measures) {
            std::string reason;
            std::size_t most = 0;
            for (const auto& [text, count] : counts.reasons)
                if (count > most) most = count, reason = text;
            table.add({printable(name), std::to_string(counts.ok), counts.missing ? std::to_string(counts.missing) : "", printable(reason)});
        }
        fmt::print("\n{}", table.text());
    }
    return 0;
}

}  // namespace

extern const Verb zoo_status{.name = "zoo status", .summary = "how far a zoo run is", .run = run};

}  // namespace assay::tools::verbs
