#pragma once
// A zoo run: which models and measures are missing in the store, done in worker processes, written model by model.

#include "libanalysis/store/store.hpp"
#include "libanalysis/zoo/file_index.hpp"
#include "libanalysis/zoo/manifest.hpp"
#include "libanalysis/zoo/protocol.hpp"

#include <functional>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

namespace assay::zoo {

/// One measure as asked for, with what its numbers depend on: an option that does not concern it does not make it run again.
struct MeasureRequest {
    std::string word;          ///< canonical: "masked_accuracy[sparsity=0.9]"
    std::string name;
    std::string parameters{};  ///< "sparsity=0.9"; "" for the defaults
    int version = 1;
    bool needs_init = false;
    bool needs_train = false;
    bool needs_test = false;
};

struct Shard { std::uint64_t index = 0, count = 1; };
/// A pure function of the model's path.
bool in_shard(const std::string& path, const Shard& shard);
/// "0/4" .. "3/4". @throws Error{usage}
Shard parse_shard(std::string_view text);

struct RunOptions {
    std::vector<MeasureRequest> measures;
    std::filesystem::path data{};              ///< absolute, or empty: weight-only measures
    std::filesystem::path architecture{};      ///< absolute, or empty: of checkpoints that hold weights alone and have no description of their own
    Preprocessing preprocessing{};
    std::optional<TrainRows> train_rows{};
    std::int64_t samples = 0;                  ///< 0: all rows
    std::string loss{};                        ///< "": the model's own
    std::string precision = "float32";         ///< or float64, or tf32
    std::uint64_t seed = 0;
    Shard shard{};
    std::optional<std::size_t> limit{};        ///< at most so many models are run now
    bool retry_failed = false;
    int workers = 1;
    int threads = 1;
    double timeout_s = 0;
    std::size_t memory = 0;                    ///< budget of a worker in bytes, on the host
    std::string device = "cpu";                ///< kind: "cpu" or "cuda"
    std::vector<std::string> devices{};        ///< worker i computes on [i mod size], "cuda:0"; empty: on the CPU
    std::optional<std::size_t> device_memory{};   ///< most bytes of a device that a worker may hold; nothing: its share of what is free
    std::string instruction_set{};             ///< where the worker does not name one
    std::string task = "measure_model";
};

/// What is to be done for one model.
struct PlannedModel {
    Entry entry;
    std::filesystem::path file, init, architecture;    ///< absolute; empty where there is none
    std::string content, init_content, architecture_content;   ///< "" while unknown
    std::string signature, init_signature;             ///< of the files when planned
    Json train_rows;
    std::optional<std::int64_t> config_rows;
    std::vector<std::size_t> pending;                  ///< indices into RunOptions::measures
    std::uint64_t bytes = 0;
};

struct Plan {
    std::vector<PlannedModel> jobs;            ///< to run now, by path
    std::vector<store::ModelRow> rows;         ///< every model of this shard
    std::vector<store::Result> settled;        ///< outcomes that need no worker: refused paths, absent files, copies of known models
    std::vector<store::Store::Current> current;
    std::size_t models = 0, done = 0, skipped_failed = 0, beyond_limit = 0;
    std::string data_content{};
    FileIndex files{};
};

/// The most workers that share one of `devices`, dealt out in turn; 1 without devices.
constexpr int workers_on_a_device(int workers, std::size_t devices) {
    return devices == 0 ? 1 : static_cast<int>((static_cast<std::size_t>(workers > 1 ? workers : 1) + devices - 1) / devices);
}

/// Reads the store, hashes what may be known, changes nothing. A null store is an empty one.
/// @throws Error{missing} when the data are not there.
Plan make_plan(const Manifest& manifest, const store::Store* store, const RunOptions& options);

/// The key of everything that the numbers of a request depend on.
std::string work_key(const MeasureRequest& request, const PlannedModel& model, const std::string& data_content, const RunOptions& options);

struct Progress { std::size_t total = 0, ok = 0, failed = 0, not_a_model = 0; double elapsed_s = 0; };

struct Summary {
    std::size_t models = 0, ok = 0, failed = 0, not_a_model = 0, pending = 0;   ///< of the shard, after the run
    std::size_t ran = 0, already_done = 0, skipped_failed = 0;
    double near_ties = 0;                                                       ///< samples, over all models
    struct Note { std::string text, model; std::size_t models = 0; };
    std::vector<Note> notes;                                                    ///< equal ones (but for digits) together
    struct Failure { std::string kind, reason, model; std::size_t models = 0; };
    std::vector<Failure> failures;
    bool interrupted = false;
};

/// Runs the plan. Each finished model is committed before the next is waited for. `progress` is called after every round.
Summary run_zoo(const Manifest& manifest, store::Store& store, const RunOptions& options, Plan plan, std::stop_token stop,
                const std::function<void(const Progress&)>& progress = {});

/// Numbers replaced by '#': what makes two reasons the same kind of reason.
std::string without_digits(std::string_view text);
/// The model's path (relative to the zoo), with the folders before it, and its name replaced by FILE.
std::string without_path(std::string reason, std::string_view path);

/// Resident bytes at which the watchdog ends a worker with this budget: somewhat above it, for code, libraries and fragments. The libraries
/// of a device hold far more of them.
std::size_t watchdog_limit(std::size_t budget, std::string_view device = "cpu");

}  // namespace assay::zoo
