#include "libanalysis/store/store.hpp"

#include "libanalysis/store/lock.hpp"
#include "libanalysis/store/schema.hpp"
#include "libanalysis/store/sqlite.hpp"

#include <unistd.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <tuple>

namespace assay::store {
namespace {

using sqlite::Database;
using sqlite::Statement;
using sqlite::Transaction;

constexpr int application_id = 0x41737379;  // "Assy": what `file` shows

constexpr const char* model_columns =
    "path, content, init_path, init_content, status, error_kind, reason, attempts, seconds, attempt, config, metrics, facts";
constexpr const char* result_columns =
    "model, init, data, measure, version, convention, parameters, objective, layer, precision, seed, "
    "kind, number, numbers, standard_error, status, reason, seconds, device, instruction_set";

// Text from files may hold bytes that are not UTF-8; they are replaced, since JSON has no way to say them.
std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

ModelRow read_model(const Statement& row) {
    ModelRow model;
    model.path = row.text(0);
    model.content = row.text(1);
    model.init_path = row.text(2);
    model.init_content = row.text(3);
    model.status = row.text(4);
    model.error_kind = row.text(5);
    model.reason = row.text(6);
    model.attempts = static_cast<int>(row.integer(7));
    model.seconds = row.number(8);
    model.attempt = row.text(9);
    model.config = parse_json(row.text(10), "store");
    model.metrics = parse_json(row.text(11), "store");
    model.facts = parse_json(row.text(12), "store");
    return model;
}

void bind_model(Statement& statement, const ModelRow& model) {
    statement.bind(model.path).bind(model.content).bind(model.init_path).bind(model.init_content);
    statement.bind(model.status.empty() ? std::string_view("pending") : std::string_view(model.status));
    statement.bind(model.error_kind).bind(model.reason).bind(static_cast<std::int64_t>(model.attempts));
    statement.bind(std::isnan(model.seconds) ? 0.0 : model.seconds).bind(model.attempt);
    statement.bind(dump(model.config)).bind(dump(model.metrics)).bind(dump(model.facts));
}

static_assert(std::endian::native == std::endian::little, "arrays are stored little-endian");

ValueRow read_value(const Statement& row) {
    ValueRow value;
    ValueKey& key = value.key;
    key.model = row.text(0);
    key.init = row.text(1);
    key.data = row.text(2);
    key.measure = row.text(3);
    key.version = static_cast<int>(row.integer(4));
    key.convention = row.text(5);
    key.parameters = row.text(6);
    key.objective = row.text(7);
    key.layer = row.text(8);
    key.precision = row.text(9);
    key.seed = static_cast<std::uint64_t>(row.integer(10));
    const std::string kind = row.text(11);
    if (kind == "scalar") value.value = row.number(12);
    if (kind == "nan") value.value = std::numeric_limits<double>::quiet_NaN();
    if (kind == "array") {
        const auto bytes = row.blob(13);
        std::vector<double> numbers(bytes.size() / sizeof(double));
        if (!numbers.empty()) std::memcpy(numbers.data(), bytes.data(), numbers.size() * sizeof(double));
        value.value = std::move(numbers);
    }
    if (!row.is_null(14)) value.standard_error = row.number(14);
    value.status = row.text(15);
    value.reason = row.text(16);
    value.seconds = row.number(17);
    value.device = row.text(18);
    value.instruction_set = row.text(19);
    return value;
}

void bind_key(Statement& statement, const ValueKey& key) {
    statement.bind(key.model).bind(key.init).bind(key.data).bind(key.measure).bind(static_cast<std::int64_t>(key.version));
    statement.bind(key.convention).bind(key.parameters).bind(key.objective).bind(key.layer).bind(key.precision);
    statement.bind(static_cast<std::int64_t>(key.seed));
}

void bind_value(Statement& statement, const ValueRow& value) {
    bind_key(statement, value.key);
    std::string status = value.status, reason = value.reason;
    const double* scalar = std::get_if<double>(&value.value);
    const auto* array = std::get_if<std::vector<double>>(&value.value);
    const bool nan = scalar && std::isnan(*scalar);
    statement.bind(std::string_view(nan ? "nan" : scalar ? "scalar" : array ? "array" : "none"));
    if (scalar && !nan) statement.bind(*scalar);
    else statement.bind_null();
    if (array) statement.bind_blob(std::as_bytes(std::span(*array)));
    else statement.bind_null();
    if (value.standard_error && !std::isnan(*value.standard_error)) statement.bind(*value.standard_error);
    else statement.bind_null();
    // SQLite has no NaN, and a number that is none never stands without a reason.
    if (nan) {
        if (status == "ok" || status.empty()) status = "missing";
        if (reason.empty()) reason = "not a number";
    }
    if (!scalar && !array && reason.empty()) reason = "no reason given";
    statement.bind(status.empty() ? (scalar || array ? "ok" : "missing") : std::string_view(status)).bind(reason);
    statement.bind(std::isnan(value.seconds) ? 0.0 : value.seconds).bind(value.device).bind(value.instruction_set);
}

// The bits of a value in an order that is the same everywhere.
std::string bits(const ValueRow& row) {
    std::string text;
    const auto add = [&](double number) {
        const auto word = std::bit_cast<std::uint64_t>(number);
        for (int shift = 56; shift >= 0; shift -= 8) text += static_cast<char>(word >> shift & 0xff);
    };
    text += static_cast<char>('a' + row.value.index());
    if (const double* scalar = std::get_if<double>(&row.value)) std::isnan(*scalar) ? add(std::numeric_limits<double>::quiet_NaN()) : add(*scalar);
    if (const auto* array = std::get_if<std::vector<double>>(&row.value))
        for (const double number : *array) add(number);
    text += row.standard_error ? 's' : '-';
    if (row.standard_error) add(*row.standard_error);
    return text;
}

bool within(double a, double b, double error_a, double error_b, double rounding) {
    if (a == b || (std::isnan(a) && std::isnan(b))) return true;
    return std::abs(a - b) <= 4 * std::hypot(error_a, error_b) + rounding * std::max(std::abs(a), std::abs(b));
}

// Whether two values of one key differ by more than they say they may.
bool conflict(const ValueRow& a, const ValueRow& b) {
    if (a.value.index() != b.value.index()) return true;
    // Between two devices sums of float32 are cut elsewhere and their libraries differ, which carries further than between runs on one.
    const double single = a.device == b.device ? 1e-5 : 1e-4;
    const double rounding = a.key.precision == "float64" ? 1e-10 : a.key.precision == "tf32" ? 1e-2 : single;
    const double error_a = a.standard_error.value_or(0), error_b = b.standard_error.value_or(0);
    if (const double* x = std::get_if<double>(&a.value)) return !within(*x, std::get<double>(b.value), error_a, error_b, rounding);
    if (const auto* x = std::get_if<std::vector<double>>(&a.value)) {
        const auto& y = std::get<std::vector<double>>(b.value);
        if (x->size() != y.size()) return true;
        double largest = 0, apart = 0;
        for (std::size_t i = 0; i < y.size(); ++i) {
            largest = std::max({largest, std::abs((*x)[i]), std::abs(y[i])});
            if (std::isnan((*x)[i]) != std::isnan(y[i])) return true;
            if ((*x)[i] != y[i] && !std::isnan(y[i])) apart = std::max(apart, std::abs((*x)[i] - y[i]));
        }
        return !(apart <= 4 * std::hypot(error_a, error_b) + rounding * largest);
    }
    return false;
}

// What decides between two values of one key; the smaller one stays. A number goes before a reason.
auto preference(const ValueRow& row) {
    return std::tuple(row.status != "ok", row.instruction_set, row.device, bits(row), row.status, row.reason, row.seconds);
}

int rank(const std::string& status) {
    return status == "ok" ? 0 : status == "not_a_model" ? 1 : status == "failed" ? 2 : 3;
}

auto preference(const ModelRow& row) {
    return std::tuple(rank(row.status), row.content, row.init_content, row.error_kind, row.reason, row.attempts, row.seconds, row.attempt,
                      dump(row.config), dump(row.metrics), dump(row.facts), row.init_path);
}

std::string describe(const ValueRow& row) {
    std::string text = row.key.model.substr(0, 12) + " " + column_of(row.key);
    if (!row.key.layer.empty()) text += " of " + row.key.layer;
    const auto number = [](const ValueRow& v) {
        const double* scalar = std::get_if<double>(&v.value);
        return (scalar ? Json(number_to_json(*scalar)).dump() : v.value.index() == 0 ? "missing" : std::string("an array")) + " (" + v.instruction_set + ")";
    };
    return text + ": " + number(row);
}

}  // namespace

std::string column_of(const ValueKey& key) {
    std::string name = key.measure;
    if (!key.parameters.empty()) name += "[" + key.parameters + "]";
    if (!key.convention.empty()) name += "." + key.convention;
    return name;
}

namespace {

/// Of `results r`: no work that is recorded gave it, or one that answers a request for a model now.
constexpr const char* is_current =
    "(NOT EXISTS (SELECT 1 FROM work_results l WHERE l.result = r.id)"
    " OR EXISTS (SELECT 1 FROM work_results l JOIN work w ON w.id = l.work JOIN current c ON c.key = w.key WHERE l.result = r.id))";

}  // namespace

struct Store::Implementation {
    std::unique_ptr<Lock> lock;   // before the database: released after it is closed
    mutable Database database;

    void require_schema() {
        Statement version(database, "PRAGMA user_version");
        version.step();
        const auto found = version.integer(0);
        if (found != schema_version)
            throw Error(ErrorKind::format, {database.path(), "a store of Assay, version " + std::to_string(schema_version),
                                            found == 0 ? "another kind of SQLite file" : "version " + std::to_string(found),
                                            "Choose another file, or use the version of Assay that wrote it"});
    }

    bool is_empty() {
        Statement tables(database, "SELECT count(*) FROM sqlite_master");
        tables.step();
        return tables.integer(0) == 0;
    }

};

namespace {

std::unique_ptr<Lock> lock_for(const std::filesystem::path& path, Store::Mode mode) {
    if (mode == Store::Mode::read) {
        std::error_code ignored;
        if (!std::filesystem::exists(path, ignored))
            throw Error(ErrorKind::missing, {path.string(), "", "there is no such store", "`assay zoo run FOLDER -o " + path.string() + "` makes one"});
        return nullptr;
    }
    if (std::filesystem::is_directory(path)) throw Error(ErrorKind::resource, {path.string(), "a file", "a folder", "Name a file in it"});
    const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    if (!std::filesystem::is_directory(folder))
        throw Error(ErrorKind::resource, {folder.string(), "an existing folder for the store", "none", "Create it first"});
    return std::make_unique<Lock>(path);
}

// A reader may have to roll back what a killed writer left behind, so it opens for writing where it may and then forbids it.
int flags_for(const std::filesystem::path& path, Store::Mode mode) {
    if (mode == Store::Mode::write) return SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    return access(path.c_str(), W_OK) == 0 ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY;
}

}  // namespace

Store::Store(const std::filesystem::path& path, Mode mode) {
    auto lock = lock_for(path, mode);
    implementation_ = std::make_unique<Implementation>(Implementation{std::move(lock), Database(path.string(), flags_for(path, mode))});
    Database& database = implementation_->database;
    if (mode == Mode::read) {
        database.execute("PRAGMA query_only = 1");
        if (implementation_->is_empty())
            throw Error(ErrorKind::missing, {path.string(), "", "an empty store: the run that made it ended before it began", "Run it again"});
        implementation_->require_schema();
        return;
    }
    // Rollback journal: write-ahead logs need shared memory, which network file systems lack. FULL: a result that was reported
    // survives a power cut too; its few milliseconds are spent in the supervisor while the workers compute.
    database.execute("PRAGMA journal_mode = DELETE");
    database.execute("PRAGMA synchronous = FULL");
    if (implementation_->is_empty()) {
        Transaction transaction(database);
        database.execute(schema);
        database.execute(("PRAGMA user_version = " + std::to_string(schema_version)).c_str());
        database.execute(("PRAGMA application_id = " + std::to_string(application_id)).c_str());
        transaction.commit();
    }
    implementation_->require_schema();
}

Store::Store(Store&&) noexcept = default;
Store::~Store() = default;

std::optional<std::string> Store::holder(const std::filesystem::path& path) { return Lock::holder(path); }

void Store::set_meta(const std::string& key, const Json& value) {
    Statement(implementation_->database, "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value").bind(key).bind(dump(value)).run();
}

Json Store::meta(const std::string& key) const {
    Statement query(implementation_->database, "SELECT value FROM meta WHERE key = ?");
    query.bind(key);
    return query.step() ? parse_json(query.text(0), "store") : Json();
}

void Store::put_models(const std::vector<ModelRow>& rows) {
    Transaction transaction(implementation_->database);
    const std::string columns = model_columns;
    Statement insert(implementation_->database,
                     "INSERT INTO models (" + columns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (path) DO UPDATE SET "
                     "init_path = excluded.init_path, config = excluded.config, metrics = excluded.metrics");
    // Another content (or other initial weights): what was known of the old one no longer holds.
    Statement changed(implementation_->database,
                      "UPDATE models SET status = 'pending', error_kind = '', reason = '', attempts = 0, seconds = 0, attempt = '', facts = '{}', "
                      "content = ?1 WHERE path = ?2 AND ?1 <> '' AND content <> ?1");
    Statement init(implementation_->database, "UPDATE models SET init_content = ?1 WHERE path = ?2 AND ?1 <> '' AND init_content <> ?1");
    for (const ModelRow& row : rows) {
        bind_model(insert, row);
        insert.run();
        changed.bind(row.content).bind(row.path).run();
        init.bind(row.init_content).bind(row.path).run();
    }
    transaction.commit();
}

namespace {

// Statements that write results, prepared once for all that one transaction writes.
class Writer {
public:
    explicit Writer(Database& database)
        : model_(database, std::string("INSERT OR REPLACE INTO models (") + model_columns + ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"),
          value_(database, std::string("INSERT INTO results (") + result_columns +
                               ") VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) "
                               "ON CONFLICT (model, measure, layer, convention, parameters, data, init, objective, version, precision, seed) DO UPDATE SET "
                               "kind = excluded.kind, number = excluded.number, numbers = excluded.numbers, standard_error = excluded.standard_error, "
                               "status = excluded.status, reason = excluded.reason, seconds = excluded.seconds, device = excluded.device, "
                               "instruction_set = excluded.instruction_set RETURNING id"),
          work_(database, "INSERT INTO work (key, request) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET request = excluded.request RETURNING id"),
          link_(database, "INSERT OR IGNORE INTO work_results VALUES (?, ?)"),
          point_(database, "INSERT INTO current VALUES (?, ?, ?) ON CONFLICT (path, request) DO UPDATE SET key = excluded.key WHERE key <> excluded.key"),
          file_(database, "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?)") {}

    void put(const ModelRow& row) {
        bind_model(model_, row);
        model_.run();
    }
    std::int64_t put(const ValueRow& row) {
        bind_value(value_, row);
        return id_of(value_);
    }
    void put(const Result& result) {
        put(result.model);
        std::vector<std::int64_t> ids;
        ids.reserve(result.values.size());
        for (const ValueRow& value : result.values) ids.push_back(put(value));
        for (const WorkRow& work : result.work) {
            work_.bind(work.key).bind(work.request);
            const std::int64_t id = id_of(work_);
            for (const std::size_t value : work.values) link_.bind(id).bind(ids.at(value)).run();
        }
    }
    void put(const Store::Current& row) { point_.bind(row.path).bind(row.request).bind(row.key).run(); }
    void put(const FileRow& row) { file_.bind(row.path).bind(row.signature).bind(row.content).bind(static_cast<std::int64_t>(row.size)).run(); }

private:
    static std::int64_t id_of(Statement& statement) {
        statement.step();
        const std::int64_t id = statement.integer(0);
        statement.step();
        statement.reset();
        return id;
    }
    Statement model_, value_, work_, link_, point_, file_;
};

}  // namespace

void Store::put(const Result& result) { put(std::vector<Result>{result}, {}, {}); }

void Store::put(const std::vector<Result>& results, const std::vector<Current>& current, const std::vector<FileRow>& files) {
    if (results.empty() && current.empty() && files.empty()) return;
    Database& database = implementation_->database;
    Transaction transaction(database);
    Writer writer(database);
    for (const Result& result : results) writer.put(result);
    for (const Current& row : current) writer.put(row);
    for (const FileRow& row : files) writer.put(row);
    transaction.commit();
}

std::vector<ModelRow> Store::models() const {
    Statement query(implementation_->database, std::string("SELECT ") + model_columns + " FROM models ORDER BY path");
    std::vector<ModelRow> rows;
    while (query.step()) rows.push_back(read_model(query));
    return rows;
}

std::vector<ValueRow> Store::values(const std::string& model_content, Which which) const {
    std::string sql = std::string("SELECT ") + result_columns + " FROM results r WHERE (?1 = '' OR model = ?1)";
    if (which == Which::current) sql += std::string(" AND ") + is_current;
    sql += " ORDER BY model, measure, layer, convention, parameters, data, init, objective, version, precision, seed";
    if (!model_content.empty()) sql.replace(sql.find("(?1 = '' OR model = ?1)"), 23, "model = ?1");  // lets the index be used
    Statement query(implementation_->database, sql);
    query.bind(model_content);
    std::vector<ValueRow> rows;
    while (query.step()) rows.push_back(read_value(query));
    return rows;
}

std::map<std::string, std::set<std::string>> Store::data_keys() const {
    Statement query(implementation_->database, std::string("SELECT DISTINCT measure, data FROM results r WHERE data != '' AND ") + is_current);
    std::map<std::string, std::set<std::string>> keys;
    while (query.step()) keys[query.text(0)].insert(query.text(1));
    return keys;
}

std::vector<Origin> Store::origins() const {
    Statement query(implementation_->database, std::string("SELECT device, instruction_set, precision, count(*) FROM results r WHERE status = 'ok' AND ") + is_current +
                                                   " GROUP BY device, instruction_set, precision ORDER BY device, instruction_set, precision");
    std::vector<Origin> origins;
    while (query.step()) origins.push_back({query.text(0), query.text(1), query.text(2), static_cast<std::size_t>(query.integer(3))});
    return origins;
}

bool Store::has_work(const std::string& key) const {
    Statement query(implementation_->database, "SELECT 1 FROM work WHERE key = ?");
    query.bind(key);
    return query.step();
}

std::vector<std::string> Store::work_keys() const {
    Statement query(implementation_->database, "SELECT key FROM work");
    std::vector<std::string> keys;
    while (query.step()) keys.push_back(query.text(0));
    return keys;
}

void Store::set_current(const std::vector<Current>& rows) { put(std::vector<Result>{}, rows, {}); }

std::map<std::string, std::size_t> Store::requests() const {
    Statement query(implementation_->database,
                    "SELECT c.request, count(*) FROM current c JOIN work w ON w.key = c.key GROUP BY c.request");
    std::map<std::string, std::size_t> done;
    while (query.step()) done[query.text(0)] = static_cast<std::size_t>(query.integer(1));
    return done;
}

std::vector<FileRow> Store::files() const {
    Statement query(implementation_->database, "SELECT path, signature, content, size FROM files");
    std::vector<FileRow> rows;
    while (query.step()) rows.push_back({query.text(0), query.text(1), query.text(2), static_cast<std::uint64_t>(query.integer(3))});
    return rows;
}

void Store::put_files(const std::vector<FileRow>& rows) { put(std::vector<Result>{}, {}, rows); }

void Store::begin_run(const Json& provenance) {
    Statement(implementation_->database, "INSERT OR IGNORE INTO runs (provenance) VALUES (?)").bind(dump(provenance)).run();
}

std::vector<Json> Store::runs() const {
    Statement query(implementation_->database, "SELECT provenance FROM runs ORDER BY id");
    std::vector<Json> rows;
    while (query.step()) rows.push_back(parse_json(query.text(0), "store"));
    return rows;
}

Store::MergeReport Store::merge(const Store& other) {
    MergeReport report;
    Database& here = implementation_->database;
    Database& there = other.implementation_->database;
    Transaction transaction(here);
    Writer writer(here);
    Statement query(here, std::string("SELECT ") + result_columns +
                              " FROM results WHERE model = ? AND init = ? AND data = ? AND measure = ? AND version = ? AND convention = ? "
                              "AND parameters = ? AND objective = ? AND layer = ? AND precision = ? AND seed = ?");
    const auto find = [&](const ValueKey& key) {
        bind_key(query, key);
        auto found = query.step() ? std::optional<ValueRow>(read_value(query)) : std::nullopt;
        query.reset();
        return found;
    };
    for (const ValueRow& theirs : other.values({}, Which::all)) {
        const auto ours = find(theirs.key);
        if (!ours) {
            writer.put(theirs);
            ++report.added;
            continue;
        }
        const bool equal = bits(*ours) == bits(theirs) && ours->status == theirs.status;
        const bool replace = preference(theirs) < preference(*ours);
        if (replace) writer.put(theirs);
        if (equal) ++report.equal;
        else if (replace) ++report.replaced;
        if (!equal && ours->status == "ok" && theirs.status == "ok" && conflict(*ours, theirs)) {
            const auto& [first, second] = preference(theirs) < preference(*ours) ? std::tie(theirs, *ours) : std::tie(*ours, theirs);
            report.conflicts.push_back(describe(first) + " kept, " + describe(second));
        }
    }

    std::map<std::string, ModelRow> ours;
    for (ModelRow& row : models()) ours.emplace(row.path, std::move(row));
    for (const ModelRow& row : other.models()) {
        const auto found = ours.find(row.path);
        if (found == ours.end() || preference(row) < preference(found->second)) writer.put(row);
    }

    // Work, its results and what is current; ids differ between files, so everything goes by key.
    {
        Statement work(there, "SELECT key, request FROM work");
        Statement add(here, "INSERT OR IGNORE INTO work (key, request) VALUES (?, ?)");
        while (work.step()) add.bind(work.text(0)).bind(work.text(1)).run();
        Statement links(there, std::string("SELECT ") + result_columns + ", w.key FROM work_results l JOIN work w ON w.id = l.work JOIN results r ON r.id = l.result");
        Statement link(here, "INSERT OR IGNORE INTO work_results SELECT (SELECT id FROM work WHERE key = ?), id FROM results WHERE model = ? AND init = ? "
                             "AND data = ? AND measure = ? AND version = ? AND convention = ? AND parameters = ? AND objective = ? AND layer = ? "
                             "AND precision = ? AND seed = ?");
        while (links.step()) {
            link.bind(links.text(20));
            bind_key(link, read_value(links).key);
            link.run();
        }
        Statement current(there, "SELECT path, request, key FROM current");
        Statement known(here, "SELECT key FROM current WHERE path = ? AND request = ?");
        Statement set(here, "INSERT OR REPLACE INTO current VALUES (?, ?, ?)");
        while (current.step()) {
            known.bind(current.text(0)).bind(current.text(1));
            const bool exists = known.step();
            const std::string key = exists ? known.text(0) : "";
            known.reset();
            // Shards of one run do not overlap. Where two stores do, the smaller key stays: any fixed choice that does not depend
            // on the order will do, and running again on the merged store points to what the options ask for.
            if (!exists || current.text(2) < key) set.bind(current.text(0)).bind(current.text(1)).bind(current.text(2)).run();
        }
    }
    {
        Statement meta_rows(there, "SELECT key, value FROM meta");
        Statement set(here, "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = min(value, excluded.value)");
        while (meta_rows.step()) set.bind(meta_rows.text(0)).bind(meta_rows.text(1)).run();
        Statement run_rows(there, "SELECT provenance FROM runs ORDER BY id");
        Statement add(here, "INSERT OR IGNORE INTO runs (provenance) VALUES (?)");
        while (run_rows.step()) add.bind(run_rows.text(0)).run();
    }
    transaction.commit();
    return report;
}

}  // namespace assay::store
