#pragma once
// Results of a zoo run: one SQLite file per zoo or shard (rollback journal, so that it works on network file systems).
// Knows numbers and names, not networks. Schema: schema.sql.

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/json.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace assay::store {

/// A model of a zoo and what its manifest says about it.
struct ModelRow {
    std::string path;          ///< relative to the zoo
    std::string content;       ///< SHA-256 of the checkpoint; empty while unknown
    std::string init_path;
    std::string init_content;
    std::string status;        ///< pending, ok, failed, not_a_model
    std::string error_kind;    ///< ErrorKind word, or crash, timeout, memory
    std::string reason;
    int attempts = 0;
    double seconds = 0;        ///< wall time of the last attempt
    std::string attempt;       ///< what the last failed attempt was made of (content, data, options): tried again once it differs
    Json config = Json::object();   ///< "config.*" of the manifest, without the prefix
    Json metrics = Json::object();  ///< logged metrics, without a prefix: train_accuracy, test_loss, ...
    Json facts = Json::object();    ///< training facts, format, parameter count, notes
};

/// The key of a value: two runs that agree in it computed the same thing.
struct ValueKey {
    std::string model;       ///< content hash of the checkpoint
    std::string init;        ///< content hash, or "" where the measure does not need it
    std::string data;        ///< hash, preprocessing, rows, split in words; "" where not needed
    std::string measure;
    int version = 1;
    std::string convention;
    std::string parameters;  ///< canonical "k=v,k=v"
    std::string objective;
    std::string layer;       ///< "" for the whole model
    std::string precision;   ///< float32, float64, tf32
    std::uint64_t seed = 0;
    auto operator<=>(const ValueKey&) const = default;
};

struct ValueRow {
    ValueKey key;
    std::variant<std::monostate, double, std::vector<double>> value;
    std::optional<double> standard_error;
    std::string status;      ///< ok, or missing
    std::string reason;
    double seconds = 0;
    std::string device;           ///< attributes, not part of the key: "cpu", or "cuda: NVIDIA ..., driver ..., cuBLAS ..."
    std::string instruction_set;
};

/// What computed `values` values of a store.
struct Origin {
    std::string device, instruction_set, precision;
    std::size_t values = 0;
    std::string kind() const { return device.substr(0, device.find(':')); }   ///< "cpu", "cuda"
};

/// One finished request for one model. `key` names everything its numbers depend on, so that equal keys need no second run.
struct WorkRow {
    std::string key;
    std::string request;                ///< as asked: "masked_accuracy[sparsity=0.9]"
    std::vector<std::size_t> values{};  ///< which of Result::values it gave
};

/// Everything one model's work gave, written in one transaction.
struct Result {
    ModelRow model;
    std::vector<ValueRow> values;
    std::vector<WorkRow> work{};
};

/// Another process writes this store.
class Locked : public Error {
public:
    using Error::Error;
};

/// What is remembered of a file, so that it need not be hashed again: `signature` holds size, times and inode.
struct FileRow {
    std::string path;
    std::string signature;
    std::string content;
    std::uint64_t size = 0;
};

class Store {
public:
    enum class Mode { read, write };
    /// Mode::write creates the file where it is absent and takes the lock `<path>.lock` (host and pid; one whose process is gone
    /// is taken over). @throws Locked naming host and pid of the holder; Error{missing} when there is nothing to read;
    /// Error{format} when the file is no store; Error{resource} when disk or folder refuse.
    Store(const std::filesystem::path& path, Mode mode);
    Store(Store&&) noexcept;
    ~Store();

    void set_meta(const std::string& key, const Json& value);   ///< zoo title, targets, tool version, options
    Json meta(const std::string& key) const;                    ///< null where absent
    void put_models(const std::vector<ModelRow>& rows);         ///< adds or updates by path; keeps status of unchanged content
    void put(const Result& result);                             ///< one transaction
    struct Current { std::string path, request, key; };         ///< the work that answers a request for a model now
    /// One transaction for all.
    void put(const std::vector<Result>& results, const std::vector<Current>& current = {}, const std::vector<FileRow>& files = {});
    std::vector<ModelRow> models() const;                       ///< ordered by path

    /// `current` leaves out what earlier options gave (another data file, another scale): a value is current while a request of
    /// the last set_current points to it, or when no request ever did.
    enum class Which { current, all };
    /// Of all models, or of one; ordered by key.
    std::vector<ValueRow> values(const std::string& model_content = {}, Which which = Which::current) const;

    /// By measure, the data keys of its current values: measures that read no data have none.
    std::map<std::string, std::set<std::string>> data_keys() const;

    /// Of the current values that have a number, by device, instruction set and precision.
    std::vector<Origin> origins() const;

    bool has_work(const std::string& key) const;
    std::vector<std::string> work_keys() const;
    void set_current(const std::vector<Current>& rows);
    std::map<std::string, std::size_t> requests() const;        ///< request -> models for which it is done

    std::vector<FileRow> files() const;
    void put_files(const std::vector<FileRow>& rows);

    void begin_run(const Json& provenance);                     ///< a row of `runs`
    std::vector<Json> runs() const;                             ///< oldest first

    struct MergeReport { std::size_t added = 0, equal = 0, replaced = 0; std::vector<std::string> conflicts; };
    /// Idempotent and independent of the order of shards: equal keys with different bits keep the value with the smaller
    /// (instruction_set, device, bits); differences beyond the stated error are reported: four combined standard errors plus the
    /// rounding of the precision (float32: 1e-5, between two devices 1e-4; float64: 1e-10; tf32: 1e-2; relative).
    MergeReport merge(const Store& other);

    /// "host pid" of the process that holds the lock of the store at `path`, or nothing.
    static std::optional<std::string> holder(const std::filesystem::path& path);

private:
    struct Implementation;
    std::unique_ptr<Implementation> implementation_;
};

/// A rectangular view for evaluate, predict and report: a row a model with status ok.
struct Table {
    std::vector<std::string> models;                          ///< paths
    std::map<std::string, std::vector<Json>> config;          ///< config.<name> -> one cell a model (null: empty)
    std::map<std::string, std::vector<double>> metrics;       ///< logged; NaN: empty
    std::map<std::string, std::vector<double>> measures;      ///< whole-model scalar values by column "<name>[k=v].<convention>"; NaN: missing
    std::map<std::string, std::vector<std::vector<double>>> arrays{};   ///< whole-model arrays, likewise; empty: missing
};
Table table_of(const Store& store);

/// The column of a value in tables: "<name>[k=v].<convention>".
std::string column_of(const ValueKey& key);

}  // namespace assay::store
