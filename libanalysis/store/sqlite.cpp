#include "libanalysis/store/sqlite.hpp"

namespace assay::store::sqlite {

void fail(sqlite3* database, int code, const std::string& path) {
    const std::string words = database ? sqlite3_errmsg(database) : sqlite3_errstr(code);
    switch (code & 0xff) {
        case SQLITE_FULL:
            throw Error(ErrorKind::resource, {path, "", "the disk is full (" + words + ")", "Free space and run the same command again: finished models are kept"});
        case SQLITE_IOERR:
            throw Error(ErrorKind::resource, {path, "", "reading or writing failed (" + words + ")",
                                              "Check the disk, its quota and the limit on file sizes, then run the same command again: finished models are kept"});
        case SQLITE_READONLY:
        case SQLITE_PERM:
        case SQLITE_CANTOPEN:
            throw Error(ErrorKind::resource, {path, "a file and folder that can be written", words, "Choose another place with -o"});
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            throw Error(ErrorKind::resource, {path, "", "another process is using this store (" + words + ")", "Try again"});
        case SQLITE_NOTADB:
        case SQLITE_CORRUPT:
            throw Error(ErrorKind::format, {path, "a store of Assay", words, "Choose another file; this one is left as it is"});
        case SQLITE_NOMEM: throw std::bad_alloc();
        default: throw Error(ErrorKind::internal, {path, "", "SQLite: " + words});
    }
}

Database::Database(const std::string& path, int flags) : path_(path) {
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw, flags | SQLITE_OPEN_EXRESCODE, nullptr);
    handle_.reset(raw);
    if (code != SQLITE_OK) fail(raw, code, path_);
    sqlite3_busy_timeout(raw, 10'000);
}

void Database::execute(const char* sql) {
    const int code = sqlite3_exec(get(), sql, nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(get(), code, path_);
}

Statement::Statement(Database& database, std::string_view sql) : database_(database) {
    sqlite3_stmt* raw = nullptr;
    const int code = sqlite3_prepare_v2(database.get(), sql.data(), static_cast<int>(sql.size()), &raw, nullptr);
    handle_.reset(raw);
    check(code);
}

void Statement::check(int code) {
    if (code != SQLITE_OK) fail(database_.get(), code, database_.path());
}

Statement& Statement::bind(std::string_view text) {
    check(sqlite3_bind_text64(handle_.get(), next_++, text.data() ? text.data() : "", text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
    return *this;
}
Statement& Statement::bind(std::int64_t number) {
    check(sqlite3_bind_int64(handle_.get(), next_++, number));
    return *this;
}
Statement& Statement::bind(double number) {
    check(sqlite3_bind_double(handle_.get(), next_++, number));
    return *this;
}
Statement& Statement::bind_blob(std::span<const std::byte> bytes) {
    check(bytes.empty() ? sqlite3_bind_zeroblob(handle_.get(), next_++, 0)
                        : sqlite3_bind_blob64(handle_.get(), next_++, bytes.data(), bytes.size(), SQLITE_TRANSIENT));
    return *this;
}
Statement& Statement::bind_null() {
    check(sqlite3_bind_null(handle_.get(), next_++));
    return *this;
}

bool Statement::step() {
    const int code = sqlite3_step(handle_.get());
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    fail(database_.get(), code, database_.path());
}

void Statement::reset() {
    sqlite3_reset(handle_.get());
    sqlite3_clear_bindings(handle_.get());
    next_ = 1;
}

std::string Statement::text(int column) const {
    const auto* start = reinterpret_cast<const char*>(sqlite3_column_text(handle_.get(), column));
    return start ? std::string(start, static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column))) : std::string();
}

std::span<const std::byte> Statement::blob(int column) const {
    const auto* start = static_cast<const std::byte*>(sqlite3_column_blob(handle_.get(), column));
    return {start, start ? static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column)) : 0};
}

}  // namespace assay::store::sqlite
