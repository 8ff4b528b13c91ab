#pragma once
// What a folder of checkpoints holds: which files are models, what is logged about them, which data belong to them. Reads
// directory entries, CSV and JSON; never opens a checkpoint or a data file.

#include "libanalysis/core/json.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace assay::zoo {

/// A row of the zoo.
struct Entry {
    std::string path;               ///< relative to the zoo, with '/'
    std::string init{};             ///< initial weights, relative; "" where there are none
    std::string architecture{};     ///< file that describes the layers of a weights-only checkpoint, relative; ""
    Json config = Json::object();   ///< without the prefix "config."
    Json metrics = Json::object();  ///< what was logged: train_accuracy, test_loss, ...
    std::string problem{};          ///< why this row cannot be run, whatever the file holds (it would leave the folder, ...)
};

struct Ignored { std::string path, reason; };

/// Which rows of train/ a model was trained on.
struct TrainRows {
    std::string column{};                    ///< "config.n_train": the count stands in this column of the model's row
    std::optional<std::int64_t> count{};     ///< or: the same count for all
    bool all = false;                        ///< declared: every row
};

struct Preprocessing {
    std::optional<double> scale{};
    double offset = 0;
    std::vector<double> mean{}, deviation{};
    bool declared() const { return scale || offset != 0 || !mean.empty() || !deviation.empty(); }
};

/// {"scale", "offset", "mean", "deviation", "declared"}: what tasks take, and part of the key of work done.
Json to_json(const Preprocessing& preprocessing);

struct Manifest {
    std::filesystem::path folder;
    std::string layout;                      ///< metrics.csv, model_configs.json, or files
    std::string title{};
    std::filesystem::path data{};            ///< absolute, or empty
    Preprocessing preprocessing{};
    std::string loss{};
    std::optional<TrainRows> train_rows{};
    std::vector<Entry> models{};             ///< by path
    std::vector<Ignored> ignored{};          ///< by path
    std::vector<std::string> warnings{};
};

struct ScanOptions {
    std::vector<std::string> include{};      ///< fnmatch patterns on the relative path or the file's name; empty: all
    std::vector<std::string> exclude{};
    std::vector<std::filesystem::path> not_models{};   ///< files known to be something else: the store, the data
};

/// @throws Error{missing} when the folder is not there; Error{format} naming file, line or field when a manifest is malformed.
Manifest read_manifest(const std::filesystem::path& folder, const ScanOptions& options = {});

/// A number or a quotient: "1/255", "0.5". @throws Error{usage} naming `where`.
double parse_scale(std::string_view text, std::string_view where);

/// The rows of train/ that the model's manifest row declares, or null: {"take": "first", "count": n} or {"take": "all"}.
/// `problem` is set when the declaration names a column that the row does not fill.
Json train_rows_of(const std::optional<TrainRows>& rule, const Entry& entry, std::string& problem);

/// The smallest number of training rows that a config names (n_train, train_size, ...), if any.
std::optional<std::int64_t> config_train_rows(const Json& config);

}  // namespace assay::zoo
