#include "drivers/sql/position.h"

#include <algorithm>

namespace mig {

Position PositionOf(std::string_view script, std::size_t offset) {
  std::string_view before = script.substr(0, offset);
  Position position;
  position.line += static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  std::size_t line_feed = before.rfind('\n');
  position.column += line_feed == before.npos ? before.size() : before.size() - line_feed - 1;
  return position;
}

Error ErrorAt(Reason reason, std::string_view script, std::size_t offset, std::string message) {
  Position position = PositionOf(script, offset);
  std::string line = std::to_string(position.line);
  std::string column = std::to_string(position.column);
  message += " at line " + line + ", column " + column;
  return Error{reason, std::move(message), {{"line", line}, {"column", column}}};
}

}  // namespace mig
