#include "libanalysis/store/export.hpp"
#include "libanalysis/zoo/manifest.hpp"
#include "tools/parse.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;

std::string joined(const std::set<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + printable(name);
    return text.empty() ? "none" : text;
}

// Prose beside a label of 15 columns, broken below itself.
std::string beside(std::string label, const std::string& text) {
    label.resize(15, ' ');
    return wrapped(text, std::string(15, ' ')).replace(0, 15, label);
}

Json to_json(const zoo::Manifest& manifest) {
    Json models = Json::array(), ignored = Json::array();
    for (const zoo::Entry& entry : manifest.models)
        models.push_back({{"path", entry.path}, {"init", entry.init}, {"architecture", entry.architecture}, {"config", entry.config}, {"metrics", entry.metrics}, {"problem", entry.problem}});
    for (const zoo::Ignored& file : manifest.ignored) ignored.push_back({{"path", file.path}, {"reason", file.reason}});
    Json rows;
    if (manifest.train_rows) rows = {{"column", manifest.train_rows->column}, {"count", manifest.train_rows->count ? Json(*manifest.train_rows->count) : Json()}, {"all", manifest.train_rows->all}};
    return {{"schema_version", 1}, {"folder", manifest.folder.string()}, {"layout", manifest.layout}, {"title", manifest.title}, {"data", manifest.data.string()},
            {"preprocessing", {{"declared", manifest.preprocessing.declared()}, {"scale", manifest.preprocessing.scale ? Json(*manifest.preprocessing.scale) : Json()},
                               {"offset", manifest.preprocessing.offset}, {"mean", manifest.preprocessing.mean}, {"deviation", manifest.preprocessing.deviation}}},
            {"loss", manifest.loss}, {"train_rows", rows}, {"models", std::move(models)}, {"ignored", std::move(ignored)}, {"warnings", manifest.warnings}};
}

int run(const std::vector<std::string>& words) {
    std::vector<std::string> include, exclude;
    po::options_description description("Options");
    description.add_options()
        ("include", po::value(&include)->value_name("PATTERN"), "only paths or names that match (repeatable)")
        ("exclude", po::value(&exclude)->value_name("PATTERN"), "leave out paths or names that match (repeatable)")
        ("all", po::bool_switch(), "list every model, not the first 20")
        ("json", po::bool_switch(), "print JSON");
    const auto values = parse({"assay zoo scan DIR [options]",
                               "Says what a folder of checkpoints is taken for, and each ignored file with its reason. Opens no checkpoint: a zoo is described by metrics.csv "
                               "or model_configs.json; without either, every regular file below it is a row.",
                               {"assay zoo scan zoo/", "assay zoo scan zoo/ --include '*.h5' --json"}, "DIR"}, description, words);
    if (!values) return 0;
    const zoo::Manifest manifest = zoo::read_manifest((*values)["DIR"].as<std::string>(), {include, exclude, {}});
    if ((*values)["json"].as<bool>()) {
        fmt::print("{}\n", to_json(manifest).dump(2, ' ', false, Json::error_handler_t::replace));
        return 0;
    }
    std::set<std::string> config, metrics;
    std::size_t with_init = 0, problems = 0;
    for (const zoo::Entry& entry : manifest.models) {
        for (const auto& item : entry.config.items()) config.insert(item.key());
        for (const auto& item : entry.metrics.items()) metrics.insert(item.key());
        with_init += !entry.init.empty();
        problems += !entry.problem.empty();
    }
    if (!manifest.title.empty()) fmt::print("title          {}\n", printable(manifest.title));
    fmt::print("models         {} ({}), {} with initial weights\n", manifest.models.size(), manifest.layout == "files" ? "every file below the folder" : "rows of " + manifest.layout, with_init);
    fmt::print("data           {}\n", manifest.data.empty() ? "not declared" : printable(manifest.data.string()));
    fmt::print("input scale    {}\n", manifest.preprocessing.scale ? store::shortest(*manifest.preprocessing.scale) : "not declared: 1");
    fmt::print("loss           {}\n", manifest.loss.empty() ? "not declared: the model's own" : printable(manifest.loss));
    fmt::print("training rows  {}\n", !manifest.train_rows ? "not declared: all of train/" : manifest.train_rows->all ? "all of train/"
                                          : manifest.train_rows->count ? fmt::format("the first {}", *manifest.train_rows->count) : "the first " + printable(manifest.train_rows->column));
    fmt::print("{}", beside("config", joined(config)));
    fmt::print("{}", beside("logged", joined(metrics)));
    for (const std::string& warning : manifest.warnings) fmt::print("{}", wrapped("warning: " + printable(warning)));
    for (const zoo::Entry& entry : manifest.models)
        if (!entry.problem.empty()) fmt::print("cannot be run: {}: {}\n", printable(entry.path), printable(entry.problem));
    const std::size_t shown = (*values)["all"].as<bool>() ? manifest.models.size() : std::min<std::size_t>(20, manifest.models.size());
    if (shown > 0) {
        Table table({{"model", Table::Align::left}, {"initial weights", Table::Align::left}});
        for (std::size_t i = 0; i < shown; ++i) table.add({printable(manifest.models[i].path), printable(manifest.models[i].init)});
        fmt::print("\n{}", table.text());
        if (shown < manifest.models.size()) fmt::print("... and {} more (--all)\n", manifest.models.size() - shown);
    }
    if (!manifest.ignored.empty()) {
        Table table({{"ignored", Table::Align::left}, {"reason", Table::Align::left}});
        for (const zoo::Ignored& file : manifest.ignored) table.add({printable(file.path), printable(file.reason)});
        fmt::print("\n{}", table.text());
    }
    return 0;
}

}  // namespace

extern const Verb zoo_scan{.name = "zoo scan", .summary = "say what a folder is taken for, opening nothing", .run = run};

}  // namespace assay::tools::verbs
