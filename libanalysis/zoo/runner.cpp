#include "libanalysis/zoo/runner.hpp"

#include "libanalysis/core/hash.hpp"
#include "libanalysis/zoo/model_key.hpp"
#include "libanalysis/zoo/supervisor.hpp"

#include <algorithm>
#include <cmath>
#include <map>

namespace assay::zoo {

std::size_t watchdog_limit(std::size_t budget, std::string_view device) {
    return budget == 0 ? 0 : budget + budget / 4 + (device == "cpu" ? std::size_t{256} << 20 : std::size_t{2} << 30);
}

std::string without_digits(std::string_view text) {
    std::string shape;
    for (const char c : text) {
        const bool digit = (c >= '0' && c <= '9') || (c == '.' && !shape.empty() && shape.back() == '#');
        if (!digit) shape += c;
        else if (shape.empty() || shape.back() != '#') shape += '#';
    }
    return shape;
}

std::string without_path(std::string reason, std::string_view path) {
    constexpr std::string_view stands_for = "FILE";
    for (const std::string_view needle : {path, path.substr(path.rfind('/') + 1)})
        for (std::size_t at = 0; !needle.empty() && (at = reason.find(needle, at)) != std::string::npos; at += stands_for.size()) {
            std::size_t begin = at;
            while (begin > 0 && std::string_view(" \t\n'\"(").find(reason[begin - 1]) == std::string_view::npos) --begin;
            reason.replace(begin, at + needle.size() - begin, stands_for);
            at = begin;
        }
    return reason;
}

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto shortest_rest = std::chrono::milliseconds(10);   // between two transactions: each waits for the disk

std::string text_of(const Json& json, const char* name) {
    return json.contains(name) && json.at(name).is_string() ? json.at(name).get<std::string>() : std::string();
}

store::ValueRow value_of(const Json& json, const std::string& model, const std::string& init, const RunOptions& options, const Json& result) {
    store::ValueRow row;
    row.key.model = model;
    row.key.init = json.value("needs_init", false) ? init : "";
    row.key.data = text_of(json, "data_key");
    row.key.measure = json.at("measure").get<std::string>();
    row.key.version = json.value("version", 1);
    row.key.convention = text_of(json, "convention");
    row.key.parameters = text_of(json, "parameters");
    row.key.objective = text_of(json, "objective");
    row.key.layer = text_of(json, "layer");
    row.key.precision = json.contains("precision") ? text_of(json, "precision") : options.precision;
    row.key.seed = json.contains("seed") ? json.at("seed").get<std::uint64_t>() : options.seed;
    const Json& value = json.contains("value") ? json.at("value") : Json();
    if (value.is_array()) {
        std::vector<double> numbers;
        for (const Json& number : value) numbers.push_back(number_from_json(number));
        row.value = std::move(numbers);
    } else if (!value.is_null()) {
        row.value = number_from_json(value);
    }
    if (json.contains("standard_error") && !json.at("standard_error").is_null()) row.standard_error = number_from_json(json.at("standard_error"));
    row.status = text_of(json, "status");
    row.reason = text_of(json, "reason");
    if (json.contains("seconds") && json.at("seconds").is_number()) row.seconds = json.at("seconds").get<double>();
    row.device = result.contains("device_description") ? text_of(result, "device_description") : result.contains("device") ? text_of(result, "device") : options.device;
    row.instruction_set = result.contains("instruction_set") ? text_of(result, "instruction_set") : options.instruction_set;
    return row;
}

// Whether a value answers a request: same measure, and every parameter asked for.
bool answers(const store::ValueKey& key, const MeasureRequest& request) {
    if (key.measure != request.name) return false;
    const std::string given = "," + key.parameters + ",";
    for (std::size_t start = 0; start < request.parameters.size();) {
        const std::size_t end = std::min(request.parameters.find(',', start), request.parameters.size());
        if (given.find("," + request.parameters.substr(start, end - start) + ",") == std::string::npos) return false;
        start = end + 1;
    }
    return true;
}

class Run {
public:
    Run(store::Store& store, const RunOptions& options, Plan plan) : store_(store), options_(options), plan_(std::move(plan)) {
        for (const store::ModelRow& row : store.models()) before_.emplace(row.path, row);
    }

    bool go(std::stop_token stop, const std::function<void(const Progress&)>& progress) {
        begun_ = Clock::now();
        std::vector<Job> jobs;
        jobs.reserve(plan_.jobs.size());
        for (const PlannedModel& model : plan_.jobs) jobs.push_back({task_arguments(model, options_), model.bytes});
        SupervisorOptions supervision;
        supervision.workers = options_.workers;
        supervision.limits = {options_.timeout_s, watchdog_limit(options_.memory, options_.device), options_.threads, options_.memory};
        for (const std::string& device : options_.devices) supervision.worker_arguments.push_back({{"device", device}});
        progress_.total = jobs.size();
        // What is told is kept already.
        const auto tell = [&] {
            commit();
            progress_.elapsed_s = std::chrono::duration<double>(Clock::now() - begun_).count();
            if (progress) progress(progress_);
        };
        const auto tick = [&] {
            if (Clock::now() - committed_ >= shortest_rest) tell();
        };
        tell();
        bool finished = false;
        try {
            finished = supervise(options_.task, jobs, supervision,
                                 {[&](std::size_t job, Outcome outcome, double seconds) { take(plan_.jobs[job], std::move(outcome), seconds); }, tick}, stop);
        } catch (...) {
            commit();
            throw;
        }
        tell();
        return finished;
    }

    const Plan& plan() const { return plan_; }

private:
    void take(PlannedModel& model, Outcome outcome, double seconds) {
        const auto earlier = before_.find(model.entry.path);
        store::Result result;
        store::ModelRow& row = result.model;
        row.path = model.entry.path;
        row.init_path = model.entry.init;
        row.config = model.entry.config;
        row.metrics = model.entry.metrics;
        row.seconds = seconds;
        row.attempts = 1;
        if (outcome.kind.empty()) {
            try {
                accept(model, outcome.result, result, earlier == before_.end() ? nullptr : &earlier->second);
            } catch (const std::exception& error) {   // what a worker says is not to be trusted either
                result.values.clear();
                result.work.clear();
                outcome.kind = "internal";
                outcome.reason = std::string("the worker's answer is not understood: ") + error.what();
            }
        }
        if (!outcome.kind.empty()) {
            // The worker said nothing of the content: reading bytes is safe here, and tells later whether the file has changed.
            if (model.content.empty()) model.content = quiet_content(model.file);
            if (model.init_content.empty() && !model.init.empty()) model.init_content = quiet_content(model.init);
            row.status = "failed";
            row.error_kind = outcome.kind;
            row.reason = outcome.reason;
            row.attempt = attempt_key(model, plan_.data_content, options_, row.error_kind);
        }
        row.content = model_key(model.content, model.architecture_content);
        row.init_content = model.init_content;
        if (earlier != before_.end() && earlier->second.content == row.content && earlier->second.status == "failed" && row.status == "failed")
            row.attempts = earlier->second.attempts + 1;
        progress_.ok += row.status == "ok";
        progress_.failed += row.status == "failed";
        progress_.not_a_model += row.status == "not_a_model";
        plan_.files.remember(model.file, model.signature, model.content);
        if (!model.init.empty()) plan_.files.remember(model.init, model.init_signature, model.init_content);
        if (!model.content.empty())
            for (const MeasureRequest& request : options_.measures)
                current_.push_back({model.entry.path, request.word, work_key(request, model, plan_.data_content, options_)});
        results_.push_back(std::move(result));
    }

    void accept(PlannedModel& model, const Json& answer, store::Result& result, const store::ModelRow* earlier) {
        if (!answer.is_object()) throw Error(ErrorKind::internal, {"", "an object", answer.dump().substr(0, 60), ""});
        const std::string status = text_of(answer, "status");
        if (status != "ok" && status != "not_a_model") throw Error(ErrorKind::internal, {"", "status ok or not_a_model", status, ""});
        const std::string content = text_of(answer, "content"), init = text_of(answer, "init_content");
        model.content = content.empty() ? plan_.files.content(model.file) : content;
        if (!model.init.empty()) model.init_content = init.empty() ? plan_.files.content(model.init) : init;
        result.model.status = status;
        if (status == "not_a_model") result.model.reason = answer.contains("reason") ? text_of(answer, "reason") : "no format claims this file";
        if (answer.contains("facts") && answer.at("facts").is_object()) result.model.facts = answer.at("facts");
        keep_notes(model, answer, result.model, earlier);
        if (status != "ok") return;

        const std::string id = model_key(model.content, model.architecture_content);
        if (answer.contains("values"))
            for (const Json& value : answer.at("values")) result.values.push_back(value_of(value, id, model.init_content, options_, answer));
        for (const std::size_t index : model.pending) {
            const MeasureRequest& request = options_.measures[index];
            store::WorkRow work{work_key(request, model, plan_.data_content, options_), request.word, {}};
            for (std::size_t i = 0; i < result.values.size(); ++i)
                if (answers(result.values[i].key, request)) work.values.push_back(i);
            if (work.values.empty()) {   // a measure that does not say anything at all still gets its reason
                store::ValueRow nothing;
                nothing.key.model = id;
                nothing.key.measure = request.name;
                nothing.key.version = request.version;
                nothing.key.parameters = request.parameters;
                nothing.key.precision = options_.precision;
                nothing.key.seed = options_.seed;
                nothing.status = "missing";
                nothing.reason = "the measure gave no value";
                nothing.device = options_.device;
                nothing.instruction_set = options_.instruction_set;
                work.values.push_back(result.values.size());
                result.values.push_back(std::move(nothing));
            }
            result.work.push_back(std::move(work));
        }
    }

    // Notes belong to what was measured now; where only measures of the weights were added, earlier notes stay.
    void keep_notes(const PlannedModel& model, const Json& answer, store::ModelRow& row, const store::ModelRow* earlier) const {
        Json notes = Json::array();
        const bool with_data = std::any_of(model.pending.begin(), model.pending.end(),
                                           [&](std::size_t i) { return options_.measures[i].needs_train || options_.measures[i].needs_test; });
        if (!with_data && earlier && earlier->content == model_key(model.content, model.architecture_content) && earlier->facts.contains("notes"))
            notes = earlier->facts.at("notes");
        if (answer.contains("notes") && answer.at("notes").is_array())
            for (const Json& note : answer.at("notes"))
                if (std::find(notes.begin(), notes.end(), note) == notes.end()) notes.push_back(note);
        if (!notes.empty()) row.facts["notes"] = std::move(notes);
    }

    std::string quiet_content(const std::filesystem::path& path) {
        try {
            return plan_.files.content(path);
        } catch (const Error&) {
            return "";
        }
    }

    // All that has arrived since the last time, in one transaction: when the disk is slow, they grow.
    void commit() {
        store_.put(std::exchange(results_, {}), std::exchange(current_, {}), plan_.files.take_new());
        committed_ = Clock::now();
    }

    store::Store& store_;
    const RunOptions& options_;
    Plan plan_;
    std::map<std::string, store::ModelRow> before_;
    std::vector<store::Result> results_;
    std::vector<store::Store::Current> current_;
    Progress progress_{};
    Clock::time_point begun_{}, committed_{};
};

Summary summarise(const store::Store& store, const Plan& plan) {
    Summary summary;
    std::map<std::string, Summary::Note> notes;
    std::map<std::pair<std::string, std::string>, Summary::Failure> failures;
    std::set<std::string> paths, contents;
    for (const store::ModelRow& row : plan.rows) paths.insert(row.path);
    for (const store::ModelRow& row : store.models()) {
        if (!paths.contains(row.path)) continue;
        ++summary.models;
        summary.ok += row.status == "ok";
        summary.failed += row.status == "failed";
        summary.not_a_model += row.status == "not_a_model";
        summary.pending += row.status == "pending";
        if (row.status == "ok") contents.insert(row.content);
        if (row.facts.contains("notes"))
            for (const Json& note : row.facts.at("notes")) {
                if (!note.is_string()) continue;
                auto& kept = notes[without_digits(note.get<std::string>())];
                if (kept.models++ == 0) kept.text = note.get<std::string>(), kept.model = row.path;
            }
        if (row.status == "failed") {
            auto& kept = failures[{row.error_kind, without_digits(without_path(row.reason, row.path))}];
            if (kept.models++ == 0) kept = {row.error_kind, row.reason, row.path, 1};
        }
    }
    for (const store::ValueRow& value : store.values())
        if (value.key.measure.ends_with("near_ties") && value.key.layer.empty() && contents.contains(value.key.model))
            if (const double* count = std::get_if<double>(&value.value); count && std::isfinite(*count)) summary.near_ties += *count;
    for (auto& [shape, note] : notes) summary.notes.push_back(std::move(note));
    for (auto& [shape, failure] : failures) summary.failures.push_back(std::move(failure));
    std::sort(summary.notes.begin(), summary.notes.end(), [](const auto& a, const auto& b) { return std::tie(b.models, a.text) < std::tie(a.models, b.text); });
    std::sort(summary.failures.begin(), summary.failures.end(), [](const auto& a, const auto& b) { return std::tie(b.models, a.model) < std::tie(a.models, b.model); });
    return summary;
}

}  // namespace

Summary run_zoo(const Manifest& manifest, store::Store& store, const RunOptions& options, Plan plan, std::stop_token stop,
                const std::function<void(const Progress&)>& progress) {
    store.set_meta("zoo", {{"title", manifest.title}, {"folder", manifest.folder.string()}, {"layout", manifest.layout}});
    store.put_models(plan.rows);
    store.put(plan.settled, plan.current, plan.files.take_new());
    const std::size_t to_run = plan.jobs.size(), done = plan.done, skipped = plan.skipped_failed;
    Run run(store, options, std::move(plan));
    const bool finished = run.go(stop, progress);
    Summary summary = summarise(store, run.plan());
    summary.ran = to_run;
    summary.already_done = done;
    summary.skipped_failed = skipped;
    summary.interrupted = !finished;
    return summary;
}

}  // namespace assay::zoo
