#include "libanalysis/zoo/manifest.hpp"

#include "libanalysis/core/error.hpp"
#include "libanalysis/core/csv.hpp"
#include "libanalysis/zoo/walk.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <map>
#include <set>

namespace assay::zoo {
namespace fs = std::filesystem;

namespace {

std::string read_text(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Error(ErrorKind::resource, {path.string(), "a file that can be read", "none", "Check its permissions"});
    std::error_code error;
    const auto size = fs::file_size(path, error);
    if (!error && size > (std::uintmax_t{1} << 30)) throw Error(ErrorKind::format, {path.string(), "a manifest of at most 1 GiB", std::to_string(size) + " bytes"});
    return std::string(std::istreambuf_iterator<char>(file), {});
}

// Cells become numbers where they are numbers and nothing else.
std::optional<Json> parse_number(std::string_view cell) {
    std::int64_t integer = 0;
    const char* end = cell.data() + cell.size();
    if (const auto read = std::from_chars(cell.data(), end, integer); read.ec == std::errc() && read.ptr == end) return Json(integer);
    double number = 0;
    if (const auto read = std::from_chars(cell.data(), end, number); read.ec == std::errc() && read.ptr == end) return number_to_json(number);
    return std::nullopt;
}

Json parse_cell(std::string_view cell, bool metric) {
    const auto number = parse_number(cell);
    if (number && (number->is_number() || metric)) return *number;
    if (cell == "true" || cell == "True") return true;
    if (cell == "false" || cell == "False") return false;
    return std::string(cell);
}

bool matches(const std::vector<std::string>& patterns, const std::string& path) {
    const std::string name = path.substr(path.rfind('/') + 1);
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
        return fnmatch(pattern.c_str(), path.c_str(), 0) == 0 || fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
    });
}

class Reader {
public:
    Reader(fs::path folder, const ScanOptions& options) : options_(options) { manifest_.folder = std::move(folder); }

    Manifest run() {
        if (!fs::exists(manifest_.folder))
            throw Error(ErrorKind::missing, {manifest_.folder.string(), "a folder of checkpoints", "nothing", "Check the path"});
        if (!fs::is_directory(manifest_.folder))
            throw Error(ErrorKind::usage, {manifest_.folder.string(), "a folder of checkpoints", "a file", "`assay measure FILE` takes a single model"});
        files_ = walk(manifest_.folder, manifest_.ignored);
        for (const fs::path& path : options_.not_models) use(path);
        const bool has_zoo_json = std::binary_search(files_.begin(), files_.end(), "zoo.json");
        if (has_zoo_json) read_zoo_json();
        if (std::binary_search(files_.begin(), files_.end(), "metrics.csv")) read_metrics();
        else if (std::binary_search(files_.begin(), files_.end(), "model_configs.json")) read_model_configs();
        else take_every_file();
        ignore_the_rest();
        std::sort(manifest_.models.begin(), manifest_.models.end(), [](const Entry& a, const Entry& b) { return a.path < b.path; });
        std::sort(manifest_.ignored.begin(), manifest_.ignored.end(), [](const Ignored& a, const Ignored& b) { return a.path < b.path; });
        return std::move(manifest_);
    }

private:
    fs::path file(const std::string& name) const { return manifest_.folder / name; }

    // A file (or folder) outside the list of models; it may lie elsewhere.
    void use(const fs::path& path) {
        std::error_code error;
        const std::string relative = fs::relative(fs::weakly_canonical(path, error), fs::weakly_canonical(manifest_.folder, error), error).string();
        if (!error && !relative.starts_with("..")) used_.insert(relative);
    }

    bool is_used(const std::string& path) const {
        if (used_.contains(path)) return true;
        for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1))
            if (used_.contains(path.substr(0, slash))) return true;
        return false;
    }

    void add(Entry entry) {
        if (entry.path.empty()) return;
        if (!options_.include.empty() && !matches(options_.include, entry.path)) return leave_out(entry.path, "no --include pattern matches");
        if (matches(options_.exclude, entry.path)) return leave_out(entry.path, "an --exclude pattern matches");
        if (!rows_.insert(entry.path).second) {
            manifest_.warnings.push_back(entry.path + " is listed twice; its first row counts");
            return;
        }
        if (entry.problem.empty()) entry.problem = escapes(entry.path);
        for (const std::string* other : {&entry.init, &entry.architecture}) {
            if (other->empty()) continue;
            if (entry.problem.empty())
                if (const std::string why = escapes(*other); !why.empty()) entry.problem = *other + ": " + why;
            used_.insert(fs::path(*other).lexically_normal().string());
        }
        if (!is_utf8(entry.path)) {
            entry.problem = "the file's name is not valid UTF-8; rename it";
            std::string shown;
            for (const char c : entry.path) {
                const auto byte = static_cast<unsigned char>(c);
                if (byte < 0x80) { shown += c; continue; }
                constexpr const char* digits = "0123456789ABCDEF";
                shown += {'%', digits[byte >> 4], digits[byte & 15]};
            }
            entry.path = shown;
        }
        manifest_.models.push_back(std::move(entry));
    }

    void leave_out(const std::string& path, const std::string& reason) {
        manifest_.ignored.push_back({path, reason});
        rows_.insert(path);
    }

    void ignore_the_rest() {
        const std::string reason = manifest_.layout == "files" ? "used by this zoo" : "not listed in " + manifest_.layout;
        for (const std::string& path : files_) {
            if (rows_.contains(path)) continue;
            if (path == "zoo.json" || path == manifest_.layout || is_used(path)) continue;
            manifest_.ignored.push_back({path, reason});
        }
    }

    [[noreturn]] void malformed(const std::string& where, const std::string& expected, const std::string& found, const std::string& advice = {}) const {
        throw Error(ErrorKind::format, {where, expected, found, advice});
    }

    void read_zoo_json() {
        const std::string where = file("zoo.json").string();
        const Json json = parse_json(read_text(file("zoo.json")), where);
        if (!json.is_object()) malformed(where, "an object", json.type_name());
        const auto text = [&](const std::string& name, const Json& value) {
            if (!value.is_string()) malformed(where + ", " + name, "a string", value.type_name());
            return value.get<std::string>();
        };
        for (const auto& [name, value] : json.items()) {
            if (name == "title") manifest_.title = text(name, value);
            else if (name == "loss") manifest_.loss = text(name, value);
            else if (name == "data") {
                manifest_.data = (manifest_.folder / text(name, value)).lexically_normal();
                manifest_.data = fs::absolute(manifest_.data);
                use(manifest_.data);
            } else if (name == "input_scale") {
                if (manifest_.preprocessing.scale) malformed(where, "one of input_scale and preprocessing.scale", "both");
                manifest_.preprocessing.scale = scale(name, value, where);
            } else if (name == "preprocessing") read_preprocessing(value, where);
            else if (name == "train_rows") read_train_rows(value, where);
            else manifest_.warnings.push_back("zoo.json: unknown field \"" + name + "\" is not used (known: title, data, input_scale, preprocessing, loss, train_rows)");
        }
    }

    double scale(const std::string& name, const Json& value, const std::string& where) const {
        if (value.is_number()) return value.get<double>();
        if (!value.is_string()) malformed(where + ", " + name, "a number or \"1/255\"", value.type_name());
        try {
            return parse_scale(value.get<std::string>(), where + ", " + name);
        } catch (const Error& error) {
            throw Error(ErrorKind::format, error.parts());
        }
    }

    void read_preprocessing(const Json& json, const std::string& where) {
        if (!json.is_object()) malformed(where + ", preprocessing", "an object", json.type_name());
        const auto numbers = [&](const std::string& name, const Json& value) {
            std::vector<double> list;
            if (value.is_number()) list.push_back(value.get<double>());
            else if (value.is_array() && std::all_of(value.begin(), value.end(), [](const Json& x) { return x.is_number(); }))
                for (const Json& number : value) list.push_back(number.get<double>());
            else malformed(where + ", preprocessing." + name, "a number or a list of numbers, one a channel", value.dump().substr(0, 60));
            return list;
        };
        for (const auto& [name, value] : json.items()) {
            if (name == "scale") {
                if (manifest_.preprocessing.scale) malformed(where, "one of input_scale and preprocessing.scale", "both");
                manifest_.preprocessing.scale = scale("preprocessing.scale", value, where);
            } else if (name == "offset") manifest_.preprocessing.offset = scale("preprocessing.offset", value, where);
            else if (name == "mean") manifest_.preprocessing.mean = numbers(name, value);
            else if (name == "deviation" || name == "std") {
                manifest_.preprocessing.deviation = numbers(name, value);
                for (const double d : manifest_.preprocessing.deviation)
                    if (!(d > 0)) malformed(where + ", preprocessing." + name, "positive numbers", value.dump().substr(0, 60));
            } else malformed(where + ", preprocessing", "scale, offset, mean, deviation", "\"" + name + "\"", "A field that is not understood would change every number");
        }
    }

    void read_train_rows(const Json& json, const std::string& where) {
        TrainRows rule;
        const std::string at = where + ", train_rows";
        if (json.is_string() && json == "all") rule.all = true;
        else if (json.is_number_integer()) rule.count = json.get<std::int64_t>();
        else if (json.is_object()) {
            for (const auto& [name, value] : json.items()) {
                if (name == "column" && value.is_string()) rule.column = value.get<std::string>();
                else if (name == "count" && value.is_number_integer()) rule.count = value.get<std::int64_t>();
                else if (name == "take" && value == "first") continue;
                else if (name == "take" && value == "all") rule.all = true;
                else malformed(at, R"({"column": "config.n_train", "take": "first"}, {"count": n, "take": "first"} or "all")", json.dump().substr(0, 80));
            }
        } else malformed(at, R"({"column": "config.n_train", "take": "first"}, a count or "all")", json.dump().substr(0, 80));
        if (static_cast<int>(!rule.column.empty()) + static_cast<int>(rule.count.has_value()) + static_cast<int>(rule.all) != 1)
            malformed(at, "one of column, count, all", json.dump().substr(0, 80));
        if (rule.count && *rule.count <= 0) malformed(at, "a positive count", std::to_string(*rule.count));
        if (!rule.column.empty() && !rule.column.starts_with("config.")) malformed(at, "a column config.<name>", rule.column);
        manifest_.train_rows = rule;
    }

    void read_metrics() {
        manifest_.layout = "metrics.csv";
        const std::string where = file("metrics.csv").string();
        const auto rows = parse_csv(read_text(file("metrics.csv")), where);
        if (rows.empty()) malformed(where, "a header with the column `model`", "an empty file");
        const auto& header = rows.front().cells;
        if (std::find(header.begin(), header.end(), "model") == header.end()) malformed(where + " line 1", "a column `model`", "none");
        for (std::size_t i = 0; i < header.size(); ++i)
            if (std::count(header.begin(), header.end(), header[i]) > 1) malformed(where + " line 1", "different names of columns", "\"" + header[i] + "\" twice");
        for (std::size_t r = 1; r < rows.size(); ++r) {
            const auto& row = rows[r];
            if (row.cells.size() != header.size())
                malformed(where + " line " + std::to_string(row.line), std::to_string(header.size()) + " cells, as in the header", std::to_string(row.cells.size()));
            Entry entry{};
            for (std::size_t c = 0; c < header.size(); ++c) {
                const std::string& name = header[c];
                const std::string& cell = row.cells[c];
                if (cell.empty() || name.empty()) continue;
                if (name == "model") entry.path = cell;
                else if (name == "init") entry.init = cell;
                else if (name == "architecture") entry.architecture = cell;
                else if (name.starts_with("config.")) entry.config[name.substr(7)] = parse_cell(cell, false);
                else entry.metrics[name.starts_with("metric.") ? name.substr(7) : name] = parse_cell(cell, true);
            }
            if (entry.path.empty()) malformed(where + " line " + std::to_string(row.line), "a path in the column `model`", "an empty cell");
            add(std::move(entry));
        }
    }

    // The layout of the PGDL competition: model_<id>/weights.hdf5 beside config.json and weights_init.hdf5.
    void read_model_configs() {
        manifest_.layout = "model_configs.json";
        const std::string where = file("model_configs.json").string();
        const Json json = parse_json(read_text(file("model_configs.json")), where);
        if (!json.is_object()) malformed(where, "an object: model id -> hparams, metrics", json.type_name());
        const std::map<std::string, std::string> names{{"train_acc", "train_accuracy"}, {"test_acc", "test_accuracy"}};
        for (const auto& [id, about] : json.items()) {
            if (!about.is_object()) malformed(where + ", " + id, "an object with hparams and metrics", about.type_name());
            const std::string base = "model_" + id + "/";
            Entry entry{};
            entry.path = base + "weights.hdf5";
            const auto beside = [&](const char* name) { return std::binary_search(files_.begin(), files_.end(), base + name) ? base + name : std::string(); };
            entry.init = beside("weights_init.hdf5");
            entry.architecture = beside("config.json");
            if (about.contains("hparams") && about.at("hparams").is_object())
                for (const auto& [name, value] : about.at("hparams").items())
                    if (value.is_object() ? value.contains("current_value") : value.is_primitive())
                        entry.config[name] = value.is_object() ? value.at("current_value") : value;
            if (about.contains("metrics") && about.at("metrics").is_object())
                for (const auto& [name, value] : about.at("metrics").items())
                    if (value.is_primitive()) entry.metrics[names.contains(name) ? names.at(name) : name] = value;
            add(std::move(entry));
        }
        if (manifest_.data.empty()) {
            std::vector<std::string> candidates;
            for (const fs::directory_entry& at : fs::directory_iterator(manifest_.folder))
                if (at.is_directory() && at.path().filename().string().starts_with("dataset_")) candidates.push_back(at.path().filename().string());
            std::sort(candidates.begin(), candidates.end());
            if (!candidates.empty()) {
                const bool first = std::find(candidates.begin(), candidates.end(), "dataset_1") != candidates.end();
                manifest_.data = fs::absolute(file(first ? "dataset_1" : candidates.front())).lexically_normal();
                use(manifest_.data);
                if (!first || candidates.size() > 1) manifest_.warnings.push_back("data: " + manifest_.data.filename().string() + " taken (of " + std::to_string(candidates.size()) + " dataset folders)");
            }
        }
    }

    void take_every_file() {
        manifest_.layout = "files";
        for (const std::string& path : files_) {
            if (path == "zoo.json" || is_used(path)) continue;
            Entry entry{};
            entry.path = path;
            add(std::move(entry));
        }
    }

    const ScanOptions& options_;
    Manifest manifest_;
    std::vector<std::string> files_;
    std::set<std::string> used_, rows_;
};

}  // namespace

Manifest read_manifest(const fs::path& folder, const ScanOptions& options) { return Reader(folder, options).run(); }

Json to_json(const Preprocessing& preprocessing) {
    Json json;
    json["scale"] = number_to_json(preprocessing.scale.value_or(1.0));
    json["offset"] = number_to_json(preprocessing.offset);
    json["mean"] = preprocessing.mean;
    json["deviation"] = preprocessing.deviation;
    json["declared"] = preprocessing.declared();
    return json;
}

double parse_scale(std::string_view text, std::string_view where) {
    const auto number = [&](std::string_view part) {
        double value = 0;
        const auto read = std::from_chars(part.data(), part.data() + part.size(), value);
        if (part.empty() || read.ec != std::errc() || read.ptr != part.data() + part.size() || !std::isfinite(value))
            throw Error(ErrorKind::usage, {std::string(where), "a number or a quotient such as 1/255", "\"" + std::string(text) + "\""});
        return value;
    };
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return number(text);
    const double below = number(text.substr(slash + 1));
    if (below == 0) throw Error(ErrorKind::usage, {std::string(where), "a quotient with a divisor other than 0", "\"" + std::string(text) + "\""});
    return number(text.substr(0, slash)) / below;
}

Json train_rows_of(const std::optional<TrainRows>& rule, const Entry& entry, std::string& problem) {
    if (!rule) return nullptr;
    if (rule->all) return {{"take", "all"}};
    if (rule->count) return {{"take", "first"}, {"count", *rule->count}};
    const std::string name = rule->column.substr(7);
    if (!entry.config.contains(name) || !entry.config.at(name).is_number() || !(entry.config.at(name).get<double>() >= 1)) {
        problem = "train_rows names the column " + rule->column + ", which holds no count for this model";
        return nullptr;
    }
    return {{"take", "first"}, {"count", static_cast<std::int64_t>(entry.config.at(name).get<double>())}};
}

std::optional<std::int64_t> config_train_rows(const Json& config) {
    std::optional<std::int64_t> smallest;
    for (const char* name : {"n_train", "train_size", "train_rows", "num_train", "n_train_samples", "train_samples", "train_set_size", "num_train_samples"})
        if (config.contains(name) && config.at(name).is_number_integer() && config.at(name).get<std::int64_t>() > 0)
            smallest = std::min(smallest.value_or(config.at(name).get<std::int64_t>()), config.at(name).get<std::int64_t>());
    return smallest;
}

}  // namespace assay::zoo
