#include "drivers/sqlite_errors.h"

#include <fmt/format.h>

#include <algorithm>

namespace mig {
namespace {

Reason ReasonOf(int extended) {
  switch (extended & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Reason::kDatabaseBusy;
    case SQLITE_INTERRUPT:
      return Reason::kCancelled;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Reason::kDatabasePermission;
    case SQLITE_CANTOPEN:
    case SQLITE_NOTADB:
      return Reason::kDatabaseRefused;
    case SQLITE_FULL:
      return Reason::kDatabaseFull;
    default:
      return Reason::kStatementFailed;
  }
}

std::string_view SentenceOf(int extended) {
  switch (extended & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another connection holds a lock on the database";
    case SQLITE_INTERRUPT:
      return "the statement was cancelled";
    case SQLITE_READONLY:
      return "the database file or its folder may not be written";
    case SQLITE_FULL:
      return "the disk of the database is full";
    case SQLITE_CORRUPT:
      return "the database file is damaged";
    case SQLITE_NOTADB:
      return "the file is not a SQLite database";
    default:
      return "";
  }
}

std::string Position(sqlite3* db, std::string_view sql) {
#if SQLITE_VERSION_NUMBER >= 3038000
  int offset = sqlite3_error_offset(db);
  if (offset < 0) return "";
  std::string_view before = sql.substr(0, static_cast<std::size_t>(offset));
  auto characters = std::count_if(before.begin(), before.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  });
  return std::to_string(characters + 1);
#else
  return "";
#endif
}

}  // namespace

Error SqliteError(sqlite3* db, std::string_view sql) {
  int extended = sqlite3_extended_errcode(db);
  std::string text = sqlite3_errmsg(db);
  std::string_view sentence = SentenceOf(extended);
  Error error{ReasonOf(extended), sentence.empty() ? text : fmt::format("{} ({})", sentence, text)};
  error.details["db_message"] = text;
  error.details["sqlite_code"] = std::to_string(extended);
  std::string position = Position(db, sql);
  if (!position.empty()) error.details["position"] = position;
  return error;
}

Error SqliteOpenError(sqlite3* db, int code, std::string_view path) {
  int extended = db != nullptr ? sqlite3_extended_errcode(db) : code;
  std::string_view sentence = SentenceOf(extended);
  std::string why(sentence.empty() ? (db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(code))
                                   : sentence);
  Reason reason = ReasonOf(extended);
  if (reason == Reason::kStatementFailed) reason = Reason::kDatabaseRefused;
  Error error{reason, fmt::format("the SQLite database {} cannot be opened: {}", path, why)};
  error.details["path"] = path;
  error.details["sqlite_code"] = std::to_string(extended);
  error.hint = "check the path and its permissions";
  return error;
}

}  // namespace mig
