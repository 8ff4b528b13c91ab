#include "libanalysis/zoo/runner.hpp"

#include "libanalysis/core/hash.hpp"
#include "libanalysis/zoo/model_key.hpp"

#include <charconv>
#include <unordered_map>
#include <unordered_set>

namespace assay::zoo {
namespace fs = std::filesystem;

bool in_shard(const std::string& path, const Shard& shard) {
    if (shard.count <= 1) return true;
    return std::stoull(hash_bytes(path).substr(0, 15), nullptr, 16) % shard.count == shard.index;
}

Shard parse_shard(std::string_view text) {
    Shard shard;
    const auto slash = text.find('/');
    const auto number = [&](std::string_view part, std::uint64_t& value) {
        const auto read = std::from_chars(part.data(), part.data() + part.size(), value);
        return !part.empty() && read.ec == std::errc() && read.ptr == part.data() + part.size();
    };
    if (slash == std::string_view::npos || !number(text.substr(0, slash), shard.index) || !number(text.substr(slash + 1), shard.count) || shard.count == 0 ||
        shard.index >= shard.count)
        throw Error(ErrorKind::usage, {"--shard", "i/n with i from 0 to n-1", "\"" + std::string(text) + "\"", "Four shards are 0/4, 1/4, 2/4, 3/4"});
    return shard;
}

std::string model_key(const std::string& content, const std::string& architecture_content) {
    if (content.empty() || architecture_content.empty()) return content;
    return hash_bytes("weights " + content + "\narchitecture " + architecture_content);
}

namespace {

// Everything but the measure.
Json subject_json(const PlannedModel& model, const std::string& data_content, const RunOptions& options, bool init, bool data, bool train) {
    Json json;
    json["model"] = model_key(model.content, model.architecture_content);
    json["precision"] = options.precision;
    json["seed"] = options.seed;
    if (init) json["init"] = model.init_content;
    if (data) {
        json["data"] = data_content;
        json["preprocessing"] = to_json(options.preprocessing);
        json["samples"] = options.samples;
        json["loss"] = options.loss;
    }
    if (train) {
        json["train_rows"] = model.train_rows;
        json["config_rows"] = model.config_rows ? Json(*model.config_rows) : Json();
    }
    return json;
}

}  // namespace

std::string work_key(const MeasureRequest& request, const PlannedModel& model, const std::string& data_content, const RunOptions& options) {
    Json json = subject_json(model, data_content, options, request.needs_init, request.needs_train || request.needs_test, request.needs_train);
    json["measure"] = request.name;
    json["parameters"] = request.parameters;
    json["version"] = request.version;
    return hash_bytes(json.dump());
}

std::string attempt_key(const PlannedModel& model, const std::string& data_content, const RunOptions& options, const std::string& error_kind) {
    // A device that could not be used says nothing of the model: tried again by every run.
    if (error_kind == "unavailable") return "";
    Json json = subject_json(model, data_content, options, true, true, true);
    // How it ended may hang on the device; that a file is damaged does not.
    const bool ended_by_machine = error_kind == "timeout" || error_kind == "memory" || error_kind == "resource" || error_kind == "crash" || error_kind == "internal";
    if (options.device != "cpu" && ended_by_machine) json["device"] = options.device;
    if (error_kind == "timeout") json["timeout"] = options.timeout_s;
    if (error_kind == "memory" || error_kind == "resource") json["memory"] = options.memory;
    return hash_bytes(json.dump());
}

fs::path architecture_of(const fs::path& folder, const Entry& entry, const RunOptions& options) {
    if (!entry.architecture.empty()) return (folder / entry.architecture).lexically_normal();
    std::error_code ignored;   // a config.json beside a PGDL checkpoint describes it
    return fs::exists((folder / entry.path).parent_path() / "config.json", ignored) ? fs::path() : options.architecture;
}

Json task_arguments(const PlannedModel& model, const RunOptions& options) {
    Json measures = Json::array();
    for (const std::size_t index : model.pending) measures.push_back(options.measures[index].word);
    return {{"path", model.file.string()},
            {"init", model.init.string()},
            {"architecture", model.architecture.string()},
            {"data", options.data.string()},
            {"preprocessing", to_json(options.preprocessing)},
            {"train_rows", model.train_rows},
            {"config_train_rows", model.config_rows ? Json(*model.config_rows) : Json()},
            {"samples", options.samples},
            {"loss", options.loss},
            {"measures", std::move(measures)},
            {"precision", options.precision},
            {"seed", options.seed},
            {"memory", options.device_memory ? Json(*options.device_memory) : Json()},
            {"device_workers", workers_on_a_device(options.workers, options.devices.size())}};
}

namespace {

store::ModelRow row_of(const PlannedModel& model) {
    store::ModelRow row;
    row.path = model.entry.path;
    row.content = model_key(model.content, model.architecture_content);
    row.init_path = model.entry.init;
    row.init_content = model.init_content;
    row.config = model.entry.config;
    row.metrics = model.entry.metrics;
    return row;
}

store::Result refused(const PlannedModel& model, std::string kind, std::string reason) {
    store::Result result{row_of(model), {}, {}};
    result.model.status = "failed";
    result.model.error_kind = std::move(kind);
    result.model.reason = std::move(reason);
    result.model.attempts = 1;
    return result;
}

}  // namespace

Plan make_plan(const Manifest& manifest, const store::Store* store, const RunOptions& options) {
    Plan plan;
    std::unordered_map<std::string, store::ModelRow> by_path, by_content;
    std::unordered_set<std::string> done;
    if (store) {
        plan.files = FileIndex(store->files());
        for (store::ModelRow& row : store->models()) {
            if (!row.content.empty() && (row.status == "ok" || row.status == "not_a_model")) by_content.emplace(row.content, row);
            by_path.emplace(row.path, std::move(row));
        }
        for (std::string& key : store->work_keys()) done.insert(std::move(key));
    }
    if (!options.data.empty()) {
        if (!fs::exists(options.data))
            throw Error(ErrorKind::missing, {options.data.string(), "a data file", "nothing", "Name the data with --data, or in zoo.json"});
        plan.data_content = plan.files.content(options.data);
    }

    for (const Entry& entry : manifest.models) {
        if (!in_shard(entry.path, options.shard)) continue;
        ++plan.models;
        PlannedModel model{};
        model.entry = entry;
        std::string rows_problem;
        model.train_rows = train_rows_of(options.train_rows, entry, rows_problem);
        model.config_rows = config_train_rows(entry.config);
        std::string problem = entry.problem, kind = "usage";
        if (problem.empty() && !rows_problem.empty()) problem = rows_problem, kind = "data";
        if (problem.empty()) {
            const auto locate = [&](const std::string& relative) { return relative.empty() ? fs::path() : fs::absolute(manifest.folder / relative).lexically_normal(); };
            model.file = locate(entry.path);
            model.init = locate(entry.init);
            model.architecture = architecture_of(fs::absolute(manifest.folder).lexically_normal(), entry, options);
            for (const fs::path* path : {&model.file, &model.init, &model.architecture}) {
                std::error_code error;
                if (path->empty() || fs::is_regular_file(*path, error)) continue;
                problem = path->string() + ": " + (fs::exists(*path, error) ? "not a regular file" : "there is no such file");
                kind = "missing";
                break;
            }
        }
        if (!problem.empty()) {
            plan.rows.push_back(row_of(model));
            plan.settled.push_back(refused(model, kind, problem));
            continue;
        }
        // A PGDL checkpoint is described by the config.json beside it: another description is another model.
        fs::path description = model.architecture;
        if (std::error_code error; description.empty() && fs::is_regular_file(model.file.parent_path() / "config.json", error))
            description = model.file.parent_path() / "config.json";
        if (!description.empty() && description != model.file) model.architecture_content = plan.files.content(description);
        model.signature = FileIndex::signature(model.file);
        model.init_signature = model.init.empty() ? "" : FileIndex::signature(model.init);
        std::error_code ignored;
        model.bytes = fs::file_size(model.file, ignored) + (model.init.empty() ? 0 : fs::file_size(model.init, ignored));
        model.content = plan.files.known_content(model.file).value_or("");
        if (!model.init.empty()) {
            // With the checkpoint known the initial weights decide whether anything is missing.
            if (auto known = plan.files.known_content(model.init)) model.init_content = *known;
            else if (!model.content.empty()) model.init_content = plan.files.content(model.init);
        }
        store::ModelRow row = row_of(model);
        plan.rows.push_back(row);

        const auto mine = by_path.find(entry.path);
        const bool known = !model.content.empty();
        if (known && mine != by_path.end() && mine->second.status == "failed" && !options.retry_failed &&
            !mine->second.attempt.empty() && mine->second.attempt == attempt_key(model, plan.data_content, options, mine->second.error_kind)) {
            ++plan.skipped_failed;
            continue;
        }
        std::vector<std::string> keys;
        for (std::size_t i = 0; i < options.measures.size(); ++i) {
            if (known) {
                keys.push_back(work_key(options.measures[i], model, plan.data_content, options));
                if (done.contains(keys.back())) continue;
            }
            model.pending.push_back(i);
        }
        if (known)
            for (std::size_t i = 0; i < options.measures.size(); ++i) plan.current.push_back({entry.path, options.measures[i].word, keys[i]});
        if (known) {
            const auto twin = by_content.find(row.content);
            const bool answered = twin != by_content.end() && (twin->second.status == "not_a_model" ? !options.retry_failed : model.pending.empty());
            if (answered) {
                ++plan.done;
                const bool mine_says_so = mine != by_path.end() && mine->second.content == row.content && mine->second.status == twin->second.status &&
                                          mine->second.init_content == row.init_content;
                if (!mine_says_so) {   // a copy, or a renamed file: what is known of its content holds for it too
                    store::Result result{row, {}, {}};
                    result.model.status = twin->second.status;
                    result.model.reason = twin->second.reason;
                    result.model.error_kind = twin->second.error_kind;
                    result.model.facts = twin->second.facts;
                    result.model.attempts = twin->second.attempts;
                    result.model.seconds = twin->second.seconds;
                    plan.settled.push_back(std::move(result));
                }
                continue;
            }
            // Its values are all here, but no model row says what it is (the run ended between the two, or it failed before).
            if (model.pending.empty())
                for (std::size_t i = 0; i < options.measures.size(); ++i) model.pending.push_back(i);
        }
        if (options.limit && plan.jobs.size() >= *options.limit) {
            ++plan.beyond_limit;
            continue;
        }
        plan.jobs.push_back(std::move(model));
    }
    return plan;
}

}  // namespace assay::zoo
