#include "libanalysis/core/context.hpp"
#include "libanalysis/core/instruction_set.hpp"
#include "libanalysis/core/version.hpp"
#include "libanalysis/measures/catalogue.hpp"
#include "libanalysis/store/export.hpp"
#include "libanalysis/zoo/runner.hpp"
#include "tools/interrupt.hpp"
#include "tools/parse.hpp"
#include "tools/progress.hpp"
#include "tools/quantities.hpp"
#include "tools/shard_environment.hpp"
#include "tools/table.hpp"
#include "tools/verb.hpp"
#include "tools/zoo_devices.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace assay::tools::verbs {
namespace {

namespace fs = std::filesystem;
namespace po = boost::program_options;

struct Words {
    std::string store = "zoo.assay", data, architecture, scale, measures = "all", shard, memory, loss, precision = "float32", train_rows, device = "cpu";
    std::vector<std::string> include, exclude;
    std::int64_t samples = 0;
    std::uint64_t seed = 0;
    int workers = 0, threads = 1, workers_per_gpu = 1;
    bool tf32 = false;
    long long limit = -1;
    double timeout = 600;
};

std::vector<zoo::MeasureRequest> requests(const std::string& list) {
    using measures::Need;
    std::vector<zoo::MeasureRequest> found;
    for (const measures::Request& request : measures::parse_requests(list)) {
        const measures::Measure& measure = *request.measure;
        zoo::MeasureRequest one{.word = std::string(measure.name), .name = std::string(measure.name)};
        one.parameters = measures::to_string(request.parameters);
        if (!one.parameters.empty()) one.word += "[" + one.parameters + "]";
        one.version = measure.version;
        one.needs_init = has(measure.needs, Need::init);
        one.needs_train = has(measure.needs, Need::train_data) || has(measure.needs, Need::train_labels);
        one.needs_test = has(measure.needs, Need::test_data) || has(measure.needs, Need::test_labels);
        if (std::none_of(found.begin(), found.end(), [&](const auto& other) { return other.word == one.word; })) found.push_back(std::move(one));
    }
    if (found.empty()) throw Error(ErrorKind::usage, {"--measures", "at least one measure", "none", "`assay measures` lists them"});
    return found;
}

zoo::TrainRows parse_train_rows(const std::string& text) {
    if (text == "all") return {.column = "", .count = std::nullopt, .all = true};
    std::size_t used = 0;
    long long count = 0;
    try {
        count = std::stoll(text, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    if (used != text.size() || count <= 0) throw Error(ErrorKind::usage, {"--train-rows", "a positive count or \"all\"", "\"" + text + "\""});
    return {.column = "", .count = count, .all = false};
}

std::string rows_in_words(const std::optional<zoo::TrainRows>& rows) {
    if (!rows) return "all of train/ (not declared)";
    if (rows->all) return "all of train/ (declared)";
    if (rows->count) return fmt::format("the first {} of train/ (declared)", *rows->count);
    return fmt::format("the first {} of train/ (declared, a model's own count)", rows->column);
}

std::string inputs_in_words(const zoo::Preprocessing& p) {
    if (!p.declared()) return "x * 1 (no preprocessing was declared; --scale or zoo.json declare it)";
    std::string text = fmt::format("x * {}", store::shortest(p.scale.value_or(1)));
    if (p.offset != 0) text += fmt::format(" + {}", store::shortest(p.offset));
    if (!p.mean.empty() || !p.deviation.empty()) text += ", then channels standardised";
    return text + " (declared)";
}

std::string now_utc() { return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()))); }

std::string host_name() {
    char name[256] = {};
    gethostname(name, sizeof name - 1);
    return name;
}

Json options_json(const zoo::RunOptions& options, const Words& words) {
    Json list = Json::array();
    for (const auto& measure : options.measures) list.push_back(measure.word);
    return {{"data", options.data.string()}, {"inputs", inputs_in_words(options.preprocessing)}, {"train_rows", rows_in_words(options.train_rows)},
            {"samples", options.samples}, {"loss", options.loss}, {"precision", options.precision}, {"seed", options.seed}, {"measures", std::move(list)},
            {"architecture", options.architecture.string()}, {"shard", fmt::format("{}/{}", options.shard.index, options.shard.count)}, {"workers", options.workers}, {"threads", options.threads},
            {"timeout_s", options.timeout_s}, {"memory", options.memory}, {"device", options.device}, {"devices", options.devices}, {"include", words.include}, {"exclude", words.exclude}};
}

/// What the measures asked for cost beyond a few passes, each cost with the measures that share it.
std::vector<std::pair<std::string, std::string>> costs_of(const zoo::RunOptions& options) {
    std::vector<std::pair<std::string, std::string>> costs;
    for (const zoo::MeasureRequest& request : options.measures) {
        const measures::Measure* measure = measures::find_measure(request.name);
        if (!measure || measure->cost.empty()) continue;
        const auto known = std::find_if(costs.begin(), costs.end(), [&](const auto& cost) { return cost.first == measure->cost; });
        if (known == costs.end()) costs.emplace_back(measure->cost, request.word);
        else known->second += ", " + request.word;
    }
    return costs;
}

/// Text of several lines beside a label.
void beside(std::FILE* to, std::string_view label, const std::string& text) { fmt::print(to, "{:<15}{}", label, wrapped(text, std::string(15, ' ')).substr(15)); }

void print_devices(const ZooDevices& devices, const zoo::RunOptions& options, std::FILE* to) {
    if (!devices.choice.empty()) beside(to, "device", printable(devices.choice));
    for (std::size_t i = 0; i < devices.words.size(); ++i) beside(to, devices.words[i], printable(devices.descriptions[i]));
    if (devices.words.empty()) return;
    const int sharing = zoo::workers_on_a_device(options.workers, devices.words.size());
    const std::size_t budget = device_budget(devices.least_free, options.device_memory.value_or(0), sharing);
    beside(to, "workers", fmt::format("{}, at most {} on a device, each with up to {} of its memory", options.workers, sharing, bytes_in_words(budget)));
}

/// Values from another kind of device stay: they are the same computation up to rounding. It is said before more are added.
void print_other_origins(const std::vector<store::Origin>& origins, const zoo::Plan& plan, const zoo::RunOptions& options, std::FILE* to) {
    const bool anything_stays = plan.done > 0 || std::any_of(plan.jobs.begin(), plan.jobs.end(), [&](const auto& job) { return job.pending.size() < options.measures.size(); });
    if (!anything_stays) return;
    const std::string& kind = options.device;
    std::size_t others = 0;
    std::string names;
    for (const store::Origin& origin : origins) {
        if (origin.kind() == kind) continue;
        others += origin.values;
        if (names.find(origin.kind()) == std::string::npos) names += (names.empty() ? "" : ", ") + origin.kind();
    }
    if (others > 0)
        beside(to, "kept", fmt::format("{} values that were computed on {}; they stay, and equal what {} gives up to rounding. Every value names its device: `assay zoo status`",
                                       others, printable(names), kind));
}

void print_head(const zoo::Manifest& manifest, const zoo::RunOptions& options, const ShardChoice& shard, const zoo::Plan& plan, std::FILE* to) {
    fmt::print(to, "zoo            {}{}\n", manifest.title.empty() ? "" : printable(manifest.title) + ": ", printable(manifest.folder.string()));
    fmt::print(to, "models         {} ({}){}\n", plan.models, manifest.layout == "files" ? "every file below the folder" : manifest.layout,
               shard.from.empty() ? "" : fmt::format(", shard {}/{} by {}", shard.shard.index, shard.shard.count, shard.from));
    fmt::print(to, "data           {}\n", options.data.empty() ? "none (--data or zoo.json name them): measures of the weights alone have values" : printable(options.data.string()));
    if (!options.data.empty()) {
        fmt::print(to, "inputs         {}\n", inputs_in_words(options.preprocessing));
        fmt::print(to, "training rows  {}\n", rows_in_words(options.train_rows));
        for (const auto& [cost, words] : costs_of(options)) fmt::print(to, "cost a model   {}", wrapped(cost + ": " + words, std::string(15, ' ')).substr(15));
        if (options.samples > 0) fmt::print(to, "samples        {} of each split, by a shuffle with seed {}\n", options.samples, options.seed);
    }
}

double median(std::vector<double> values) {
    if (values.empty()) return -1;
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}

int dry_run(const zoo::Manifest& manifest, const zoo::RunOptions& options, const ShardChoice& shard, const zoo::Plan& plan, const ZooDevices& devices, const store::Store* store,
            bool json) {
    std::map<std::string, std::size_t> by_measure;
    std::uint64_t largest = 0, total = 0;
    for (const zoo::PlannedModel& model : plan.jobs) {
        for (const std::size_t index : model.pending) ++by_measure[options.measures[index].word];
        largest = std::max(largest, model.bytes);
        total += model.bytes;
    }
    std::vector<double> seconds;
    if (store)
        for (const store::ModelRow& row : store->models())
            if (row.status == "ok" && row.seconds > 0) seconds.push_back(row.seconds);
    const double each = median(seconds);
    const double estimate = each < 0 ? -1 : each * static_cast<double>(plan.jobs.size()) / options.workers;
    if (json) {
        Json measures = Json::object();
        for (const auto& [word, count] : by_measure) measures[word] = count;
        fmt::print("{}\n", Json{{"schema_version", 1}, {"models", plan.models}, {"to_run", plan.jobs.size()}, {"done", plan.done}, {"skipped_failed", plan.skipped_failed},
                                {"beyond_limit", plan.beyond_limit}, {"settled_without_running", plan.settled.size()}, {"measures", measures},
                                {"checkpoint_bytes", total}, {"largest_checkpoint_bytes", largest}, {"workers", options.workers}, {"memory_per_worker", options.memory},
                                {"device", options.device}, {"devices", devices.descriptions}, {"device_choice", devices.choice},
                                {"estimated_seconds", estimate < 0 ? Json() : Json(estimate)}}.dump(2));
        return 0;
    }
    print_head(manifest, options, shard, plan, stdout);
    print_devices(devices, options, stdout);
    if (store) print_other_origins(store->origins(), plan, options, stdout);
    fmt::print("to run         {} (done: {}, failed before and skipped: {}, beyond --limit: {}, settled without running: {})\n", plan.jobs.size(), plan.done,
               plan.skipped_failed, plan.beyond_limit, plan.settled.size());
    fmt::print("time           {}\n", estimate < 0 ? "unknown: this store holds no finished model to go by; a run with --limit 8 tells"
                                                   : fmt::format("about {} ({} a model, the median of {} finished; {} workers)", seconds_in_words(estimate),
                                                                 seconds_in_words(each), seconds.size(), options.workers));
    fmt::print("memory         up to {} a worker, {} in all; the largest checkpoint has {}, all to be read {}\n", bytes_in_words(options.memory),
               bytes_in_words(options.memory * static_cast<std::size_t>(options.workers)), bytes_in_words(largest), bytes_in_words(total));
    if (!by_measure.empty()) {
        Table table({{"measure", Table::Align::left}, {"models"}});
        for (const auto& [word, count] : by_measure) table.add({word, std::to_string(count)});
        fmt::print("\n{}", table.text());
    }
    return 0;
}

void print_summary(const zoo::Summary& summary, const fs::path& store, double seconds) {
    fmt::print("ran now        {} in {} ({} were done, {} failed before and were not tried again)\n", summary.ran, seconds_in_words(seconds), summary.already_done,
               summary.skipped_failed);
    fmt::print("result         {} ok, {} failed, {} not a model{} -> {}\n", summary.ok, summary.failed, summary.not_a_model,
               summary.pending ? fmt::format(", {} still to do", summary.pending) : "", printable(store.string()));
    if (summary.near_ties > 0)
        fmt::print("near-ties      {:.0f} samples whose two top outputs differ by less than 1e-6: their class hangs on rounding\n", summary.near_ties);
    for (std::size_t i = 0; i < std::min<std::size_t>(summary.notes.size(), 12); ++i) {
        const auto& note = summary.notes[i];
        fmt::print("{}", wrapped(fmt::format("note: {} ({}{})", printable(note.text), printable(note.model), note.models > 1 ? fmt::format(" and {} more", note.models - 1) : "")));
    }
    if (summary.notes.size() > 12) fmt::print("      and {} kinds of notes more: `assay zoo status`\n", summary.notes.size() - 12);
    for (std::size_t i = 0; i < std::min<std::size_t>(summary.failures.size(), 5); ++i) {
        const auto& failure = summary.failures[i];
        fmt::print("{}", wrapped(fmt::format("failed ({}): {}{}: {}", failure.kind, printable(failure.model), failure.models > 1 ? fmt::format(" and {} more", failure.models - 1) : "",
                                             printable(failure.reason))));
    }
    if (summary.failures.size() > 5) fmt::print("      and {} kinds of failures more: `assay zoo failures {}`\n", summary.failures.size() - 5, printable(store.string()));
}

Json summary_json(const zoo::Summary& summary, const fs::path& store, double seconds, const Json& options) {
    Json notes = Json::array(), failures = Json::array();
    for (const auto& note : summary.notes) notes.push_back({{"text", note.text}, {"model", note.model}, {"models", note.models}});
    for (const auto& failure : summary.failures) failures.push_back({{"kind", failure.kind}, {"reason", failure.reason}, {"model", failure.model}, {"models", failure.models}});
    return {{"schema_version", 1}, {"store", store.string()}, {"models", summary.models}, {"ok", summary.ok}, {"failed", summary.failed},
            {"not_a_model", summary.not_a_model}, {"pending", summary.pending}, {"ran", summary.ran}, {"already_done", summary.already_done},
            {"skipped_failed", summary.skipped_failed}, {"seconds", seconds}, {"near_ties", summary.near_ties}, {"interrupted", summary.interrupted},
            {"notes", std::move(notes)}, {"failures", std::move(failures)}, {"options", options}};
}

int run(const std::vector<std::string>& typed) {
    Words words;
    po::options_description description("Options");
    description.add_options()
        ("store,o", po::value(&words.store)->value_name("FILE"), "where results go; an existing store is resumed (zoo.assay)")
        ("data", po::value(&words.data)->value_name("FILE"), "the data set, an HDF5 file or a PGDL folder (zoo.json's)")
        ("architecture", po::value(&words.architecture)->value_name("FILE"), "the architecture of weights-only files for which metrics.csv names none")
        ("scale", po::value(&words.scale)->value_name("S"), "what inputs are multiplied with, e.g. 1/255 (zoo.json's, else 1)")
        ("train-rows", po::value(&words.train_rows)->value_name("N|all"), "models were trained on the first N rows of train/ (zoo.json's)")
        ("measures", po::value(&words.measures)->value_name("LIST"), "names, families or all (what states no cost); `assay measures` lists them (all)")
        ("samples", po::value(&words.samples)->value_name("N"), "at most N rows of each split, by a seeded shuffle (all)")
        ("loss", po::value(&words.loss)->value_name("NAME"), "the loss, where the file does not tell it (zoo.json's)")
        ("precision", po::value(&words.precision)->value_name("P"), "float32 or float64 (float32)")
        ("device", po::value(&words.device)->value_name("D"), "where to compute: cpu, cuda (every device), cuda:N or auto; `assay devices` lists them (cpu)")
        ("workers-per-gpu", po::value(&words.workers_per_gpu)->value_name("N"), "worker processes on each CUDA device (1)")
        ("tf32", po::bool_switch(&words.tf32), "with --device cuda: products of float32 in TF32, about three digits")
        ("seed", po::value(&words.seed)->value_name("N"), "of everything random (0)")
        ("jobs,j", po::value(&words.workers)->value_name("N"), "worker processes (the cores this process may use; with CUDA --workers-per-gpu for each device)")
        ("threads", po::value(&words.threads)->value_name("N"), "threads of each worker (1)")
        ("memory", po::value(&words.memory)->value_name("SIZE"), "budget of one worker, e.g. 2G (its share of the machine; of a device its share of 80 % of what is free)")
        ("timeout", po::value(&words.timeout)->value_name("S"), "seconds a model may take, 0: no limit (600)")
        ("shard", po::value(&words.shard)->value_name("i/n"), "only the i-th of n parts, i from 0; auto/n takes i from the scheduler")
        ("limit", po::value(&words.limit)->value_name("N"), "run at most N models now")
        ("include", po::value(&words.include)->value_name("PATTERN"), "only paths or names that match (repeatable)")
        ("exclude", po::value(&words.exclude)->value_name("PATTERN"), "leave out paths or names that match (repeatable)")
        ("retry-failed", po::bool_switch(), "also try again what failed before")
        ("dry-run", po::bool_switch(), "say what would run, and stop")
        ("quiet,q", po::bool_switch(), "no progress")
        ("json", po::bool_switch(), "print the summary as JSON");
    const auto values = parse({"assay zoo run DIR [options]",
                               "Computes measures for every model of a zoo and keeps them in a store. The same command again goes on where it stopped and computes only "
                               "what is missing or changed. A checkpoint that crashes, hangs or eats memory costs its own row. Exit codes: 0 done, 1 some models failed, "
                               "75 interrupted or in use by another run: run it again.",
                               {"assay zoo run zoo/ -o zoo.assay --data mnist.h5 --scale 1/255", "assay zoo run zoo/ -o zoo.assay --measures margins,spectral_norm -j 4",
                                "assay zoo run zoo/ -o part0.assay --shard 0/4", "assay zoo run zoo/ --dry-run"},
                               "DIR"}, description, typed);
    if (!values) return 0;
    const bool json = (*values)["json"].as<bool>(), dry = (*values)["dry-run"].as<bool>();
    const DeviceOption device = parse_device(words.device);
    const std::string precision = precision_word(words.precision, words.tf32, device);
    if (words.workers_per_gpu < 1) throw Error(ErrorKind::usage, {"--workers-per-gpu", "at least 1", std::to_string(words.workers_per_gpu)});
    if (values->contains("workers-per-gpu") && device.kind == DeviceOption::Kind::cpu)
        throw Error(ErrorKind::usage, {"--workers-per-gpu", "--device cuda or auto", "--device cpu", "-j says how many workers the CPU gets"});
    if (words.threads < 1) throw Error(ErrorKind::usage, {"--threads", "at least 1", std::to_string(words.threads)});
    if (values->contains("jobs") && words.workers < 1) throw Error(ErrorKind::usage, {"-j", "at least 1", std::to_string(words.workers)});
    if (words.samples < 0) throw Error(ErrorKind::usage, {"--samples", "at least 1", std::to_string(words.samples)});
    if (!(words.timeout >= 0)) throw Error(ErrorKind::usage, {"--timeout", "seconds, at least 0", std::to_string(words.timeout)});
    if (values->contains("limit") && words.limit < 0) throw Error(ErrorKind::usage, {"--limit", "at least 0", std::to_string(words.limit)});

    zoo::RunOptions options;
    options.measures = requests(words.measures);
    const ShardChoice shard = choose_shard(words.shard, [](const char* name) -> std::optional<std::string> {
        const char* value = std::getenv(name);
        return value ? std::optional<std::string>(value) : std::nullopt;
    });
    options.shard = shard.shard;
    const fs::path store_path = words.store;
    zoo::ScanOptions scan{words.include, words.exclude, {store_path, store_path.string() + ".lock", store_path.string() + "-journal"}};
    for (const std::string* other : {&words.data, &words.architecture})
        if (!other->empty()) scan.not_models.push_back(*other);
    const zoo::Manifest manifest = zoo::read_manifest((*values)["DIR"].as<std::string>(), scan);
    options.data = words.data.empty() ? manifest.data : fs::absolute(words.data).lexically_normal();
    if (!words.architecture.empty()) options.architecture = fs::absolute(words.architecture).lexically_normal();
    options.preprocessing = manifest.preprocessing;
    if (!words.scale.empty()) options.preprocessing.scale = zoo::parse_scale(words.scale, "--scale");
    options.train_rows = words.train_rows.empty() ? manifest.train_rows : parse_train_rows(words.train_rows);
    options.samples = words.samples;
    options.loss = words.loss.empty() ? manifest.loss : words.loss;
    options.precision = precision;
    options.seed = words.seed;
    options.threads = words.threads;
    options.timeout_s = words.timeout;
    if (words.limit >= 0) options.limit = static_cast<std::size_t>(words.limit);
    options.retry_failed = (*values)["retry-failed"].as<bool>();
    options.instruction_set = instruction_set();
    if (!words.memory.empty()) options.device_memory = parse_bytes(words.memory, "--memory");
    for (const std::string& warning : manifest.warnings) fmt::print(stderr, "assay: {}\n", printable(warning));
    if (manifest.models.empty())
        throw Error(ErrorKind::missing, {manifest.folder.string(), "at least one model", "none", "`assay zoo scan` tells what was ignored and why"});

    const Interrupt interrupt;
    const ZooDevices devices = find_zoo_devices(device, words.workers_per_gpu, manifest, options, interrupt.token());
    options.device = devices.kind;
    options.devices = devices.words;
    options.workers = words.workers > 0 ? words.workers : devices.words.empty() ? std::max(1, usable_processors() / words.threads)
                                                                                : static_cast<int>(devices.words.size()) * words.workers_per_gpu;
    // Four fifths of what there is: the rest is for this process, the page cache and what allocators waste.
    options.memory = options.device_memory ? *options.device_memory : usable_memory() / 5 * 4 / static_cast<std::size_t>(options.workers);
    if (dry) {
        std::optional<store::Store> store;
        if (fs::exists(store_path)) store.emplace(store_path, store::Store::Mode::read);
        return dry_run(manifest, options, shard, zoo::make_plan(manifest, store ? &*store : nullptr, options), devices, store ? &*store : nullptr, json);
    }
    const auto begun = std::chrono::steady_clock::now();
    std::optional<store::Store> store;
    try {
        store.emplace(store_path, store::Store::Mode::write);
    } catch (const store::Locked& error) {
        fmt::print(stderr, "assay: {}\n", printable(error.what()));
        return static_cast<int>(ExitCode::interrupted);
    }
    zoo::Plan plan = zoo::make_plan(manifest, &*store, options);
    options.workers = static_cast<int>(std::clamp<std::size_t>(plan.jobs.size(), 1, static_cast<std::size_t>(options.workers)));
    if (!json) {
        print_head(manifest, options, shard, plan, stdout);
        print_devices(devices, options, stdout);
        print_other_origins(store->origins(), plan, options, stdout);
        std::fflush(stdout);
    }
    const Json recorded = options_json(options, words);
    store->set_meta("options", recorded);
    store->begin_run({{"tool", version_info().version}, {"git", version_info().git_hash}, {"started", now_utc()}, {"host", host_name()}, {"pid", getpid()},
                      {"device", options.device}, {"devices", devices.descriptions}, {"libraries", devices.libraries}, {"device_choice", devices.choice}, {"instruction_set", options.instruction_set}, {"data_hash", plan.data_content}, {"options", recorded}});
    zoo::Summary summary;
    {
        ProgressLine line((*values)["quiet"].as<bool>());
        summary = zoo::run_zoo(manifest, *store, options, std::move(plan), interrupt.token(), [&](const zoo::Progress& progress) { line.show(progress); });
    }
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
    if (json) fmt::print("{}\n", summary_json(summary, store_path, seconds, recorded).dump(2, ' ', false, Json::error_handler_t::replace));
    else print_summary(summary, store_path, seconds);
    if (summary.interrupted) {
        fmt::print(stderr, "assay: interrupted; the same command again goes on\n");
        return static_cast<int>(ExitCode::interrupted);
    }
    return static_cast<int>(summary.failed ? ExitCode::some_failed : ExitCode::done);
}

}  // namespace

extern const Verb zoo_run{.name = "zoo run", .summary = "compute measures for every model of a folder", .run = run};

}  // namespace assay::tools::verbs
