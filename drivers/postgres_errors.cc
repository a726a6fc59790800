#include "drivers/postgres_errors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "drivers/one_line.h"
#include "drivers/target_url.h"

namespace mig {
namespace {

constexpr std::array<std::pair<char, const char*>, 10> kFields = {{
    {PG_DIAG_SQLSTATE, "sqlstate"},
    {PG_DIAG_MESSAGE_PRIMARY, "db_message"},
    {PG_DIAG_MESSAGE_DETAIL, "db_detail"},
    {PG_DIAG_MESSAGE_HINT, "db_hint"},
    {PG_DIAG_STATEMENT_POSITION, "position"},
    {PG_DIAG_CONTEXT, "context"},
    {PG_DIAG_SCHEMA_NAME, "schema"},
    {PG_DIAG_TABLE_NAME, "table"},
    {PG_DIAG_COLUMN_NAME, "column"},
    {PG_DIAG_CONSTRAINT_NAME, "constraint"},
}};

// protocol_violation: a statement's wrong number of parameters, on a connection that lives.
constexpr std::string_view kWrongParameters = "08P01";
constexpr std::string_view kReadOnly = "25006";  // read_only_sql_transaction

Reason ReasonOf(std::string_view sqlstate, bool interrupted) {
  if (sqlstate == "57014" && interrupted) return Reason::kCancelled;
  if (sqlstate == "55P03" || sqlstate == "40001" || sqlstate == "40P01")
    return Reason::kDatabaseBusy;
  if (sqlstate == "42501" || sqlstate == kReadOnly) return Reason::kDatabasePermission;
  if (sqlstate == "53100") return Reason::kDatabaseFull;
  bool shutdown =
      sqlstate == "57P01" || sqlstate == "57P02" || sqlstate == "57P03" || sqlstate == "57P05";
  bool broken = sqlstate.starts_with("08") && sqlstate != kWrongParameters;
  if (shutdown || broken) return Reason::kDatabaseUnreachable;
  return Reason::kStatementFailed;
}

// What libpq says of a connection: a line for each address that it tried; what may be looked at
// stands behind tabs, and is what our hints say.
std::string WithoutAdvice(std::string_view message) {
  std::string told;
  while (!message.empty()) {
    const std::string_view line = message.substr(0, message.find('\n'));
    message.remove_prefix(std::min(message.size(), line.size() + 1));
    if (line.empty() || line[0] == '\t') continue;
    told.append(told.empty() ? "" : "; ").append(line);
  }
  return OneLine(told);
}

}  // namespace

Error PostgresError(const PGresult* result, bool interrupted) {
  Error error{Reason::kStatementFailed, OneLine(PQresultErrorMessage(result))};
  for (auto [field, name] : kFields) {
    const char* text = PQresultErrorField(result, field);
    if (text != nullptr) error.details[name] = text;
  }
  error.reason = ReasonOf(error.details["sqlstate"], interrupted);
  if (error.details["sqlstate"].empty()) error.details.erase("sqlstate");
  auto message = error.details.find("db_message");
  if (message != error.details.end()) error.message = OneLine(message->second);
  const auto code = error.details.find("sqlstate");
  if (code == error.details.end()) return error;
  if (code->second == "57P01")
    error.hint =
        "somebody ended the connection, or the server stops: repeat the command once it runs";
  if (code->second == kReadOnly)
    error.hint = "the server, or this database or user, is read-only: is it a standby?";
  if (code->second == kWrongParameters)
    error.hint =
        "where the statement has a parameter ($1), write the value itself, or ${NAME} for one of "
        "the target's placeholders";
  return error;
}

Error PostgresConnectionLost(PGconn* connection) {
  std::string why = connection == nullptr ? "" : WithoutAdvice(PQerrorMessage(connection));
  return Error{Reason::kDatabaseUnreachable,
               why.empty() ? "the connection to the database is gone"
                           : fmt::format("the connection to the database is gone: {}", why)};
}

Error PostgresConnectError(PGconn* connection, PGPing server, std::string_view url) {
  std::string message = WithoutAdvice(RedactSecrets(PQerrorMessage(connection)));
  Error error{server == PQPING_OK ? Reason::kDatabaseRefused : Reason::kDatabaseUnreachable,
              fmt::format("cannot connect to {}: {}", url, message)};
  error.details["url"] = url;
  if (server == PQPING_REJECT) error.hint = "the server is starting or stopping: try again";
  return error;
}

}  // namespace mig
