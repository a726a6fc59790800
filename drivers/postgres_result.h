// Values on their way to PostgreSQL and back.
#pragma once

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

#include "drivers/session.h"

namespace mig {

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PostgresResult = std::unique_ptr<PGresult, ClearResult>;

// A command as libpq's arrays, which point into the command. Types are left to the server to infer,
// as psql does, except for blobs, which are bytea and sent as they are.
class PostgresArguments {
 public:
  // Errors: kStatementFailed for a NUL byte in text, where libpq would end it.
  static Result<PostgresArguments> Of(const SqlCommand& command);
  PostgresArguments(PostgresArguments&&) = default;

  // Sends the statement by the extended protocol, which takes exactly one. False: see
  // PQerrorMessage.
  bool Send(PGconn* connection) const;
  // Has it prepared under a name, and runs what was.
  bool SendPrepare(PGconn* connection, const std::string& name) const;
  bool SendPrepared(PGconn* connection, const std::string& name) const;

  bool prompt() const { return prompt_; }

 private:
  PostgresArguments() = default;

  bool prompt_ = false;
  const char* sql_ = nullptr;
  std::vector<std::string> texts_;
  std::vector<const char*> values_;
  std::vector<Oid> types_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

// Rows in text format: smallint, integer and bigint as numbers, bytea as Blob, the rest as text.
// REQUIRES: no failed result.
SqlResult ReadPostgresResult(const PGresult* result);

}  // namespace mig
