#include "drivers/mariadb_errors.h"

#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <optional>

#include "drivers/one_line.h"
#include "drivers/target_url.h"

namespace mig {
namespace {

// Of MySQL, or newer than the headers.
constexpr unsigned kConnectionKilled = 1927;      // ER_CONNECTION_KILLED
constexpr unsigned kStatementTimeout = 1969;      // ER_STATEMENT_TIMEOUT
constexpr unsigned kCannotWrite = 3;              // EE_WRITE, of the server's file functions
constexpr unsigned kRecordChanged = 1020;         // ER_CHECKREAD, under innodb_snapshot_isolation
constexpr int kNoRoom[] = {ENOSPC, EDQUOT, 135};  // 135: HA_ERR_RECORD_FILE_FULL
constexpr unsigned kClientErrors = CR_MIN_ERROR;  // up to CR_MAX_ERROR: raised by the library

bool IsLost(unsigned code) {
  switch (code) {
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_SERVER_LOST_EXTENDED:
    case ER_SERVER_SHUTDOWN:
    case ER_NORMAL_SHUTDOWN:
    case ER_ABORTING_CONNECTION:
    case ER_NEW_ABORTING_CONNECTION:
    case kConnectionKilled:
      return true;
    default:
      return false;
  }
}

bool IsBusy(unsigned code) {
  return code == ER_LOCK_WAIT_TIMEOUT || code == ER_LOCK_DEADLOCK || code == ER_TABLE_DEF_CHANGED ||
         code == kRecordChanged;
}

bool IsPermission(unsigned code) {
  switch (code) {
    case ER_DBACCESS_DENIED_ERROR:
    case ER_ACCESS_DENIED_ERROR:
    case ER_TABLEACCESS_DENIED_ERROR:
    case ER_COLUMNACCESS_DENIED_ERROR:
    case ER_SPECIFIC_ACCESS_DENIED_ERROR:
    case ER_PROCACCESS_DENIED_ERROR:
    case ER_OPTION_PREVENTS_STATEMENT:
    case ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION:
    case ER_BINLOG_CREATE_ROUTINE_NEED_SUPER:
      return true;
    default:
      return false;
  }
}

bool IsOfAFile(unsigned code) {
  return code == kCannotWrite || code == ER_CANT_CREATE_FILE || code == ER_CANT_CREATE_TABLE ||
         code == ER_ERROR_ON_WRITE || code == ER_GET_ERRNO;
}

// The number of what went wrong with a file stands in the message alone, in every language like
// this: `28 "No space left on device"`.
bool SaysNumber(std::string_view message, int number) {
  return message.find(fmt::format(" {} \"", number)) != message.npos;
}

// InnoDB has no other word for a disk without room than that the table is full.
bool IsFull(unsigned code, std::string_view message) {
  if (code == ER_DISK_FULL || code == ER_RECORD_FILE_FULL) return true;
  return IsOfAFile(code) &&
         std::ranges::any_of(kNoRoom, [&](int number) { return SaysNumber(message, number); });
}

Reason ReasonOf(unsigned code, std::string_view message, bool interrupted) {
  if (code == ER_QUERY_INTERRUPTED && interrupted) return Reason::kCancelled;
  if (IsLost(code)) return Reason::kDatabaseUnreachable;
  if (IsBusy(code)) return Reason::kDatabaseBusy;
  if (IsPermission(code)) return Reason::kDatabasePermission;
  if (IsFull(code, message)) return Reason::kDatabaseFull;
  return Reason::kStatementFailed;
}

std::size_t Characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// A syntax error quotes the text from its place on: to the end of the statement where that is near,
// else its first 80 characters, which say where only if they stand there once. The session's
// lc_messages is English.
std::optional<std::size_t> SyntaxErrorPosition(std::string_view message,
                                               std::string_view statement) {
  constexpr std::string_view kNear = " near '";
  std::size_t begin = message.find(kNear);
  std::size_t end = message.rfind("' at line ");
  if (begin == message.npos || end == message.npos || end < begin + kNear.size()) return {};
  std::string_view near = message.substr(begin + kNear.size(), end - begin - kNear.size());
  std::size_t at = statement.npos;
  if (Characters(near) < 80) {
    if (statement.ends_with(near)) at = statement.size() - near.size();
  } else if (statement.find(near) == statement.rfind(near)) {
    at = statement.find(near);
  }
  if (at == statement.npos) return {};
  return Characters(statement.substr(0, at)) + 1;
}

}  // namespace

Error MariadbError(MYSQL* connection, std::string_view statement, bool interrupted) {
  const unsigned code = mysql_errno(connection);
  const std::string message = mysql_error(connection);
  if (IsLost(code)) {
    return Error{Reason::kDatabaseUnreachable,
                 fmt::format("the connection to the database is gone: {}", OneLine(message)),
                 {{"db_code", std::to_string(code)}}};
  }
  Error error{ReasonOf(code, message, interrupted), OneLine(message)};
  error.details["db_code"] = std::to_string(code);
  error.details["sqlstate"] = mysql_sqlstate(connection);
  error.details["db_message"] = message;
  if (code == ER_OPTION_PREVENTS_STATEMENT && message.find("read-only") != message.npos)
    error.hint = "the server is read-only: is it a replica?";
  if (code != ER_PARSE_ERROR) return error;
  if (auto position = SyntaxErrorPosition(message, statement))
    error.details["position"] = std::to_string(*position);
  return error;
}

Error MariadbTooLong(std::size_t bytes, std::size_t limit) {
  Error error{Reason::kStatementFailed,
              fmt::format("a statement of {} bytes is more than the server takes, whose "
                          "max_allowed_packet is {}",
                          bytes, limit)};
  error.details["db_code"] = std::to_string(ER_NET_PACKET_TOO_LARGE);
  error.hint = fmt::format(
      "raise it on the server, as with `SET GLOBAL max_allowed_packet = {}`, or make several files "
      "of this one; then repeat the command",
      std::bit_ceil(bytes + 2));
  return error;
}

Result<void> CheckMariadbRollback(const SqlResult& warnings) {
  constexpr std::int64_t kIncomplete = ER_WARNING_NOT_COMPLETE_ROLLBACK;
  const bool incomplete = std::ranges::any_of(warnings.rows, [&](const auto& warning) {
    return warning.size() > 1 && warning[1] == SqlValue(kIncomplete);
  });
  if (!incomplete) return {};
  return Error{Reason::kRollbackIncomplete,
               "what was changed in tables without transactions (MyISAM, Aria, ...) stays, as the "
               "server cannot roll it back"};
}

Error MariadbConnectError(MYSQL* connection, std::string_view url) {
  const unsigned code = mysql_errno(connection);
  const bool nobody = (code >= kClientErrors && code <= CR_MAX_ERROR &&
                       code != CR_SSL_CONNECTION_ERROR && code != CR_AUTH_PLUGIN_CANNOT_LOAD) ||
                      code == ER_SERVER_SHUTDOWN;
  Reason reason = code == ER_BAD_DB_ERROR ? Reason::kDatabaseMissing
                  : nobody                ? Reason::kDatabaseUnreachable
                                          : Reason::kDatabaseRefused;
  Error error{reason, fmt::format("cannot connect to {}: {}", url,
                                  OneLine(RedactSecrets(mysql_error(connection))))};
  error.details["url"] = url;
  error.details["db_code"] = std::to_string(code);
  if (reason == Reason::kDatabaseMissing) error.hint = "create it first: `CREATE DATABASE ...`";
  return error;
}

}  // namespace mig
