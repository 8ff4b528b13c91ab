#pragma once
// Owners of SQLite's handles, and its errors in our words.

#include "libanalysis/core/error.hpp"

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace assay::store::sqlite {

/// @throws Error that says what the disk, the folder or the file refused.
[[noreturn]] void fail(sqlite3* database, int code, const std::string& path);

class Database {
public:
    Database(const std::string& path, int flags);
    void execute(const char* sql);
    sqlite3* get() const { return handle_.get(); }
    const std::string& path() const { return path_; }

private:
    std::string path_;
    std::unique_ptr<sqlite3, decltype(&sqlite3_close)> handle_{nullptr, &sqlite3_close};
};

class Statement {
public:
    Statement(Database& database, std::string_view sql);
    Statement& bind(std::string_view text);
    Statement& bind(std::int64_t number);
    Statement& bind(double number);               ///< NaN would become NULL: callers keep it out
    Statement& bind_blob(std::span<const std::byte> bytes);
    Statement& bind_null();
    bool step();                                  ///< true: a row is there
    void run() { step(); reset(); }
    void reset();
    std::string text(int column) const;
    std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
    double number(int column) const { return sqlite3_column_double(handle_.get(), column); }
    bool is_null(int column) const { return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL; }
    std::span<const std::byte> blob(int column) const;

private:
    void check(int code);
    Database& database_;
    std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> handle_{nullptr, &sqlite3_finalize};
    int next_ = 1;
};

/// Rolled back unless committed.
class Transaction {
public:
    explicit Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }
    ~Transaction() { if (open_) sqlite3_exec(database_.get(), "ROLLBACK", nullptr, nullptr, nullptr); }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    void commit() { database_.execute("COMMIT"); open_ = false; }

private:
    Database& database_;
    bool open_ = true;
};

}  // namespace assay::store::sqlite
