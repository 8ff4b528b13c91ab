#include "libanalysis/lint/rule.hpp"
#include "libanalysis/core/context.hpp"
#include "libanalysis/store/store.hpp"
#include "libanalysis/zoo/manifest.hpp"
#include "libanalysis/zoo/supervisor.hpp"
#include "tools/analysis.hpp"
#include "tools/interrupt.hpp"
#include "tools/sarif.hpp"
#include "tools/single_model.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace assay::tools::verbs {
namespace {

namespace po = boost::program_options;
namespace fs = std::filesystem;
using lint::Finding;
using lint::Severity;

/// What was found, and what could not be looked at.
struct Looked {
    std::vector<Finding> findings;
    std::vector<std::string> notes;
    std::size_t models = 0;
};

std::map<std::string, std::string> words_of(const Json& object) {
    std::map<std::string, std::string> words;
    for (const auto& [name, value] : object.items())
        if (!value.is_null()) words[name] = value.is_string() ? value.get<std::string>() : value.dump();
    return words;
}

std::map<std::string, double> numbers_of(const Json& object) {
    std::map<std::string, double> numbers;
    for (const auto& [name, value] : object.items())
        if (value.is_number()) numbers[name] = value.get<double>();
    return numbers;
}

void take(Looked& looked, const Json& result, const std::string& file) {
    for (const Json& finding : result.at("findings")) {
        looked.findings.push_back(lint::finding_from_json(finding));
    }
    for (const Json& note : result.at("notes")) looked.notes.push_back(file + ": " + note.get<std::string>());
    for (const auto& [rule, reason] : result.at("skipped").items()) looked.notes.push_back(fmt::format("{}: rule {} did not look: {}", file, rule, reason.get<std::string>()));
}

Looked look_at_model(const std::string& path, const ModelOptions& options, const std::string& init, std::int64_t train_rows) {
    Json arguments = options.arguments(path);
    arguments["init"] = init;
    arguments["dataset"] = true;
    if (train_rows > 0) arguments["train_rows"] = {{"take", "first"}, {"count", train_rows}};
    const Json result = options.run("lint", arguments);
    if (result.at("status") == "not_a_model") throw Error(ErrorKind::format, {path, "a checkpoint, a zoo or a store", result.value("reason", "a file that no format claims")});
    Looked looked;
    looked.models = 1;
    take(looked, result, path);
    return looked;
}

/// Every model of the folder in worker processes, then the rules on the zoo.
Looked look_at_zoo(const std::string& folder, const ModelOptions& options, int workers) {
    const Interrupt interrupt;
    const zoo::Manifest manifest = zoo::read_manifest(folder);
    std::vector<zoo::Job> jobs;
    std::vector<lint::ZooModel> models;
    for (const zoo::Entry& entry : manifest.models) {
        const auto locate = [&](const std::string& relative) { return relative.empty() ? std::string() : (manifest.folder / relative).lexically_normal().string(); };
        Json arguments = options.arguments(locate(entry.path));
        arguments["init"] = locate(entry.init);
        if (!entry.architecture.empty()) arguments["architecture"] = locate(entry.architecture);
        if (options.data.empty()) arguments["data"] = manifest.data.string();
        if (options.loss.empty()) arguments["loss"] = manifest.loss;
        if (!arguments["preprocessing"]["declared"].get<bool>() && manifest.preprocessing.declared()) arguments["preprocessing"] = zoo::to_json(manifest.preprocessing);
        std::string problem;
        arguments["train_rows"] = zoo::train_rows_of(manifest.train_rows, entry, problem);
        lint::ZooModel model{entry.path, "", words_of(entry.config), numbers_of(entry.metrics), {}, 0};
        if (arguments["train_rows"].is_object() && arguments["train_rows"].contains("count")) model.train_rows = arguments["train_rows"]["count"].get<double>();
        models.push_back(std::move(model));
        jobs.push_back({std::move(arguments), 0});
    }
    Looked looked;
    looked.models = jobs.size();
    if (const std::string data = options.data.empty() ? manifest.data.string() : options.data; !data.empty()) {   // the data set once, not with every model
        Json arguments = options.arguments("");
        arguments["data"] = data;
        arguments["dataset"] = true;
        jobs.push_back({std::move(arguments), 0});
    }
    zoo::SupervisorOptions supervisor;
    supervisor.workers = workers > 0 ? workers : usable_processors();
    supervisor.limits.memory = usable_memory() / static_cast<std::size_t>(supervisor.workers);
    supervisor.limits.budget = supervisor.limits.memory / 2;
    supervisor.limits.timeout_s = options.timeout > 0 ? options.timeout : 600;
    std::vector<zoo::Outcome> outcomes(jobs.size());
    zoo::SupervisorEvents events;
    events.done = [&](std::size_t job, zoo::Outcome outcome, double) { outcomes[job] = std::move(outcome); };
    if (!zoo::supervise("lint", jobs, supervisor, events, interrupt.token())) throw Error(ErrorKind::interrupted, {folder, "", "stopped"});
    std::vector<lint::Unread> unread;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        const std::string path = i < models.size() ? manifest.models[i].path : jobs[i].arguments["data"].get<std::string>();
        if (!outcomes[i].kind.empty()) {
            unread.push_back({path, outcomes[i].kind, outcomes[i].reason});
            continue;
        }
        if (i < models.size()) models[i].content = outcomes[i].result.value("content", "");
        if (outcomes[i].result.at("status") == "ok") take(looked, outcomes[i].result, path);
        else if (i < models.size() && !(models[i].config.empty() && models[i].metrics.empty())) unread.push_back({path, "format", "the table of the zoo has a row for it, and no format claims it"});
        else looked.notes.push_back(path + ": no format claims it");
    }
    const std::vector<Finding> more = lint::check(lint::ZooMaterial{folder, models, manifest.warnings, unread});
    looked.findings.insert(looked.findings.end(), more.begin(), more.end());
    return looked;
}

/// The rules on a zoo, with what a store has computed.
Looked look_at_store(const std::string& path) {
    const report::Content content = open_content(path);
    std::vector<lint::ZooModel> models;
    std::map<std::string, std::size_t> by_path;
    std::vector<lint::Unread> unread;
    for (const store::ModelRow& row : content.models) {
        if (row.status == "failed") unread.push_back({row.path, row.error_kind, row.reason});
        if (row.status != "ok") continue;
        by_path[row.path] = models.size();
        lint::ZooModel model{row.path, row.content, words_of(row.config), numbers_of(row.metrics), {}, 0};
        if (const auto rows = zoo::config_train_rows(row.config)) model.train_rows = static_cast<double>(*rows);
        models.push_back(std::move(model));
    }
    for (const auto& [name, values] : content.table.measures)
        for (std::size_t i = 0; i < values.size(); ++i)
            if (const auto at = by_path.find(content.table.models[i]); at != by_path.end()) models[at->second].measures[name] = values[i];
    Looked looked;
    looked.models = models.size() + unread.size();
    looked.findings = lint::check(lint::ZooMaterial{path, models, {}, unread});
    return looked;
}

int explain(const std::string& id) {
    const lint::Rule* rule = lint::find_rule(id);
    if (!rule) {
        std::string known;
        for (const lint::Rule* one : lint::rules()) known += (known.empty() ? "" : ", ") + std::string(one->id);
        throw Error(ErrorKind::usage, {"--explain", "one of " + known, id});
    }
    fmt::print("{} ({})\n{}\n{}\n{}", rule->id, lint::to_string(rule->severity), wrapped(rule->summary), wrapped(rule->explanation), wrapped(rule->advice));
    return 0;
}

int list_rules(bool markdown) {
    if (markdown) {
        fmt::print("{}", lint::rules_markdown());
        return 0;
    }
    Table table({{"rule", Table::Align::left}, {"severity", Table::Align::left}, {"finds", Table::Align::left}});
    for (const lint::Rule* rule : lint::rules()) table.add({std::string(rule->id), std::string(lint::to_string(rule->severity)), std::string(rule->summary)});
    fmt::print("{}", table.text(160));
    return 0;
}

void print(const Looked& looked, std::size_t limit) {
    std::map<std::string_view, std::size_t> counts;
    for (const Finding& finding : looked.findings) {
        const std::size_t shown = ++counts[finding.rule];
        if (limit > 0 && shown > limit) continue;
        fmt::print("{}", wrapped(fmt::format("{}: {} [{}] {}{}", printable(finding.file), lint::to_string(finding.severity), finding.rule,
                                             finding.where.empty() ? "" : printable(finding.where) + ": ", printable(finding.message)), ""));
    }
    for (const auto& [rule, count] : counts)
        if (limit > 0 && count > limit) fmt::print("... and {} more of {} (--limit 0 shows all)\n", count - limit, rule);
    for (const std::string& note : looked.notes) fmt::print("{}", wrapped("note: " + printable(note)));
    const auto of = [&](Severity severity) { return std::count_if(looked.findings.begin(), looked.findings.end(), [&](const Finding& f) { return f.severity == severity; }); };
    fmt::print("{} errors, {} warnings, {} notes in {} models", of(Severity::error), of(Severity::warning), of(Severity::note), looked.models);
    fmt::print("{}\n", looked.findings.empty() ? "" : "; assay lint --explain RULE says what a rule means");
}

int run(const std::vector<std::string>& words) {
    ModelOptions options;
    std::string init, id, fail_on = "never";
    std::int64_t train_rows = 0;
    std::size_t limit = 10;
    int workers = 0;
    po::options_description description("Options");
    description.add_options()
        ("init", po::value(&init)->value_name("FILE"), "the initial weights of a model")
        ("train-rows", po::value(&train_rows)->value_name("N"), "the model was trained on the first N rows of train/ (all)")
        ("workers,j", po::value(&workers)->value_name("N"), "for a zoo: worker processes (one a core)")
        ("fail-on", po::value(&fail_on)->value_name("S"), "exit with 1 when something of this severity or graver is found: error, warning, note or never (never)")
        ("limit", po::value(&limit)->default_value(10), "findings shown of one rule, 0: all")
        ("sarif", po::bool_switch(), "print SARIF 2.1.0")
        ("explain", po::value(&id)->value_name("RULE"), "say what a rule means")
        ("rules", po::bool_switch(), "list the rules")
        ("markdown", po::bool_switch(), "with --rules: the page docs/lint.md");
    options.add_to(description);
    // Two requests are about rules and need no file.
    const auto has = [&](std::string_view word) { return std::any_of(words.begin(), words.end(), [&](const std::string& one) { return one == word || one.starts_with(std::string(word) + "="); }); };
    const bool about_rules = has("--explain") || has("--rules");
    const auto values = parse({about_rules ? "assay lint --explain RULE | --rules" : "assay lint MODEL|ZOO|STORE [options]",
                               "Looks for what is wrong: with a checkpoint, with it and its data (--data), with every model of a zoo, or with what a store has gathered.",
                               {"assay lint model.h5", "assay lint model.h5 --data mnist.h5 --scale 1/255 --init init.h5", "assay lint zoo/ --fail-on error",
                                "assay lint zoo.assay", "assay lint zoo/ --sarif > zoo.sarif", "assay lint --explain dead-units"},
                               about_rules ? "" : "MODEL"}, description, words);
    if (!values) return 0;
    if ((*values)["rules"].as<bool>()) return list_rules((*values)["markdown"].as<bool>());
    if (!id.empty()) return explain(id);
    if (fail_on != "never" && fail_on != "error" && fail_on != "warning" && fail_on != "note")
        throw Error(ErrorKind::usage, {"--fail-on", "error, warning, note or never", fail_on});
    const std::string path = (*values)["MODEL"].as<std::string>();
    if (!fs::exists(path)) throw Error(ErrorKind::missing, {path, "a checkpoint, a zoo or a store", "nothing there"});
    Looked looked = fs::is_directory(path) && !fs::exists(fs::path(path) / "config.json") ? look_at_zoo(path, options, workers)
                    : is_store(path)                                                       ? look_at_store(path)
                                                                                           : look_at_model(path, options, init, train_rows);
    std::stable_sort(looked.findings.begin(), looked.findings.end(), [](const Finding& a, const Finding& b) { return a.severity > b.severity; });
    if ((*values)["sarif"].as<bool>()) {
        fmt::print("{}\n", sarif(looked.findings, tool_version()).dump(2, ' ', false, Json::error_handler_t::replace));
    } else if ((*values)["json"].as<bool>()) {
        Json json{{"path", path}, {"models", looked.models}, {"findings", Json::array()}, {"notes", looked.notes}};
        for (const Finding& finding : looked.findings) json["findings"].push_back(lint::to_json(finding));
        print_json(std::move(json));
    } else {
        print(looked, limit);
    }
    const bool fails = fail_on != "never" && std::any_of(looked.findings.begin(), looked.findings.end(), [&](const Finding& finding) {
        return fail_on == "note" || finding.severity == Severity::error || (fail_on == "warning" && finding.severity == Severity::warning);
    });
    return fails ? static_cast<int>(ExitCode::some_failed) : 0;
}

}  // namespace

extern const Verb lint{.name = "lint", .summary = "what is wrong with a model, its data or a zoo", .run = run};

}  // namespace assay::tools::verbs
