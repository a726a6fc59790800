#include "drivers/postgres_result.h"

#include <charconv>
#include <string_view>

namespace mig {
namespace {

// From pg_type.dat; these numbers never change.
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;

Error NulByte() {
  return Error{Reason::kStatementFailed, "the statement or a parameter holds a NUL byte"};
}

std::int64_t Number(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

Blob Bytes(const char* text) {
  std::size_t size = 0;
  unsigned char* bytes = PQunescapeBytea(reinterpret_cast<const unsigned char*>(text), &size);
  Blob blob{std::string(reinterpret_cast<const char*>(bytes), size)};
  PQfreemem(bytes);
  return blob;
}

SqlValue Cell(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column)) return nullptr;
  const char* text = PQgetvalue(result, row, column);
  switch (PQftype(result, column)) {
    case kBytea:
      return Bytes(text);
    case kInt2:
    case kInt4:
    case kInt8:
      return Number(text);
    default:
      return std::string(text, static_cast<std::size_t>(PQgetlength(result, row, column)));
  }
}

}  // namespace

Result<PostgresArguments> PostgresArguments::Of(const SqlCommand& command) {
  if (command.sql.find('\0') != std::string::npos) return NulByte();
  PostgresArguments arguments;
  arguments.sql_ = command.sql.c_str();
  arguments.prompt_ = command.prompt;
  arguments.texts_.reserve(command.parameters.size());
  for (const SqlValue& value : command.parameters) {
    const char* text = nullptr;
    std::size_t size = 0;
    bool binary = false;
    if (auto* number = std::get_if<std::int64_t>(&value)) {
      text = arguments.texts_.emplace_back(std::to_string(*number)).c_str();
    } else if (auto* string = std::get_if<std::string>(&value)) {
      if (string->find('\0') != std::string::npos) return NulByte();
      text = string->c_str();
    } else if (auto* blob = std::get_if<Blob>(&value)) {
      text = blob->bytes.data();
      size = blob->bytes.size();
      binary = true;
    }
    arguments.values_.push_back(text);
    arguments.lengths_.push_back(static_cast<int>(size));
    arguments.formats_.push_back(binary ? 1 : 0);
    arguments.types_.push_back(binary ? kBytea : 0);
  }
  return arguments;
}

bool PostgresArguments::Send(PGconn* connection) const {
  return PQsendQueryParams(connection, sql_, static_cast<int>(values_.size()), types_.data(),
                           values_.data(), lengths_.data(), formats_.data(), 0) == 1;
}

bool PostgresArguments::SendPrepare(PGconn* connection, const std::string& name) const {
  return PQsendPrepare(connection, name.c_str(), sql_, static_cast<int>(types_.size()),
                       types_.data()) == 1;
}

bool PostgresArguments::SendPrepared(PGconn* connection, const std::string& name) const {
  return PQsendQueryPrepared(connection, name.c_str(), static_cast<int>(values_.size()),
                             values_.data(), lengths_.data(), formats_.data(), 0) == 1;
}

SqlResult ReadPostgresResult(const PGresult* result) {
  SqlResult read;
  int columns = PQnfields(result);
  for (int column = 0; column < columns; ++column)
    read.columns.emplace_back(PQfname(result, column));
  for (int row = 0; row < PQntuples(result); ++row) {
    std::vector<SqlValue>& cells = read.rows.emplace_back();
    for (int column = 0; column < columns; ++column) cells.push_back(Cell(result, row, column));
  }
  read.rows_affected = Number(PQcmdTuples(const_cast<PGresult*>(result)));
  return read;
}

}  // namespace mig
