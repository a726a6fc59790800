#include "drivers/sqlite_statement.h"

#include <fmt/format.h>

#include "drivers/sqlite_errors.h"

namespace mig {
namespace {

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

// Prepares the statement at the start of `sql` and moves `sql` behind it; null where only comments
// are left.
Result<Statement> PrepareNext(sqlite3* db, std::string_view& sql) {
  sqlite3_stmt* raw = nullptr;
  const char* tail = sql.data();
  int code = sqlite3_prepare_v2(db, sql.data(), static_cast<int>(sql.size()), &raw, &tail);
  Statement statement(raw);
  if (code != SQLITE_OK) return SqliteError(db, sql);
  sql.remove_prefix(static_cast<std::size_t>(tail - sql.data()));
  return statement;
}

// The one statement of `sql`. What follows it is prepared too, since only SQLite can tell a comment
// from a statement; whatever error that gives is the second statement's and not worth telling.
Result<Statement> Prepare(sqlite3* db, std::string_view sql) {
  if (sql.find('\0') != std::string_view::npos) {
    return Error{Reason::kStatementFailed, "the statement holds a NUL byte"};
  }
  std::string_view rest = sql;
  Statement statement = TRY(PrepareNext(db, rest));
  if (statement == nullptr || rest.empty()) return statement;
  Result<Statement> second = PrepareNext(db, rest);
  if (!second && second.error().reason == Reason::kCancelled) return second;
  if (!second || *second != nullptr) {
    return Error{Reason::kStatementFailed, "more than one statement was given where one can run"};
  }
  return statement;
}

int BindValue(sqlite3_stmt* statement, int index, const SqlValue& value) {
  if (auto* number = std::get_if<std::int64_t>(&value)) {
    return sqlite3_bind_int64(statement, index, *number);
  }
  if (auto* text = std::get_if<std::string>(&value)) {
    return sqlite3_bind_text64(statement, index, text->data(), text->size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  }
  if (auto* blob = std::get_if<Blob>(&value)) {
    const void* bytes = blob->bytes.empty() ? "" : blob->bytes.data();
    return sqlite3_bind_blob64(statement, index, bytes, blob->bytes.size(), SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, index);
}

Error NoValue(sqlite3_stmt* statement) {
  const char* name = sqlite3_bind_parameter_name(statement, 1);
  return Error{Reason::kStatementFailed,
               fmt::format("the statement has the parameter `{}`, and nobody gives a value for it",
                           name == nullptr ? "?" : name),
               {},
               "write the value itself, or ${NAME} for one of the target's placeholders"};
}

Result<void> Bind(sqlite3* db, sqlite3_stmt* statement, const SqlCommand& command) {
  std::size_t wanted = static_cast<std::size_t>(sqlite3_bind_parameter_count(statement));
  if (wanted > 0 && command.parameters.empty()) return NoValue(statement);
  if (wanted != command.parameters.size()) {
    return Error{Reason::kStatementFailed,
                 fmt::format("the statement has {} parameters, but {} values were given", wanted,
                             command.parameters.size())};
  }
  for (std::size_t i = 0; i < wanted; ++i) {
    int index = sqlite3_bind_parameter_index(statement, fmt::format("${}", i + 1).c_str());
    if (index == 0) {
      return Error{Reason::kStatementFailed,
                   fmt::format("the statement has no parameter ${}", i + 1)};
    }
    if (BindValue(statement, index, command.parameters[i]) != SQLITE_OK) {
      return SqliteError(db, command.sql);
    }
  }
  return {};
}

SqlValue Cell(sqlite3_stmt* statement, int column) {
  auto size = [&] { return static_cast<std::size_t>(sqlite3_column_bytes(statement, column)); };
  switch (sqlite3_column_type(statement, column)) {
    case SQLITE_NULL:
      return nullptr;
    case SQLITE_INTEGER:
      return std::int64_t{sqlite3_column_int64(statement, column)};
    case SQLITE_BLOB: {
      const void* bytes = sqlite3_column_blob(statement, column);
      return Blob{bytes == nullptr ? "" : std::string(static_cast<const char*>(bytes), size())};
    }
    default: {
      const unsigned char* text = sqlite3_column_text(statement, column);
      return text == nullptr ? "" : std::string(reinterpret_cast<const char*>(text), size());
    }
  }
}

}  // namespace

Result<SqlResult> RunSqliteStatement(sqlite3* db, const SqlCommand& command) {
  Statement statement = TRY(Prepare(db, command.sql));
  SqlResult result;
  if (statement == nullptr) return result;
  TRY(Bind(db, statement.get(), command));
  int columns = sqlite3_column_count(statement.get());
  for (int i = 0; i < columns; ++i) {
    result.columns.emplace_back(sqlite3_column_name(statement.get(), i));
  }
  auto changes_before = sqlite3_total_changes64(db);
  int code;
  while ((code = sqlite3_step(statement.get())) == SQLITE_ROW) {
    std::vector<SqlValue>& row = result.rows.emplace_back();
    for (int i = 0; i < columns; ++i) row.push_back(Cell(statement.get(), i));
  }
  if (code != SQLITE_DONE) return SqliteError(db, command.sql);
  bool changed = sqlite3_total_changes64(db) != changes_before;
  result.rows_affected =
      changed ? sqlite3_changes64(db) : static_cast<std::int64_t>(result.rows.size());
  return result;
}

}  // namespace mig
