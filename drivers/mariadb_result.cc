#include "drivers/mariadb_result.h"

#include <charconv>
#include <string_view>

namespace mig {
namespace {

constexpr unsigned kBinaryCharacterSet = 63;

bool IsInteger(enum_field_types type) {
  switch (type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_YEAR:
      return true;
    default:
      return false;
  }
}

bool IsBytes(const MYSQL_FIELD& field) {
  switch (field.type) {
    case MYSQL_TYPE_BIT:
    case MYSQL_TYPE_GEOMETRY:
      return true;
    case MYSQL_TYPE_TINY_BLOB:
    case MYSQL_TYPE_MEDIUM_BLOB:
    case MYSQL_TYPE_LONG_BLOB:
    case MYSQL_TYPE_BLOB:
    case MYSQL_TYPE_VAR_STRING:
    case MYSQL_TYPE_STRING:
    case MYSQL_TYPE_VARCHAR:
      return field.charsetnr == kBinaryCharacterSet;
    default:
      return false;
  }
}

SqlValue Cell(const MYSQL_FIELD& field, const char* data, unsigned long size) {
  if (data == nullptr) return nullptr;
  std::string_view text(data, size);
  if (IsBytes(field)) return Blob{std::string(text)};
  std::int64_t number = 0;
  if (IsInteger(field.type)) {
    auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed == std::errc() && end == text.data() + text.size()) return number;
  }
  return std::string(text);
}

}  // namespace

SqlResult ReadMariadbRows(MYSQL_RES* result) {
  SqlResult read;
  const unsigned columns = mysql_num_fields(result);
  const MYSQL_FIELD* fields = mysql_fetch_fields(result);
  for (unsigned column = 0; column < columns; ++column)
    read.columns.emplace_back(fields[column].name, fields[column].name_length);
  while (MYSQL_ROW row = mysql_fetch_row(result)) {
    const unsigned long* sizes = mysql_fetch_lengths(result);
    std::vector<SqlValue>& cells = read.rows.emplace_back();
    for (unsigned column = 0; column < columns; ++column)
      cells.push_back(Cell(fields[column], row[column], sizes[column]));
  }
  read.rows_affected = static_cast<std::int64_t>(read.rows.size());
  return read;
}

}  // namespace mig
