// Splits scripts for other programs: reads lines {"id", "dialect", "sql"} and answers each with
// {"id", "statements": [text...]} or {"id", "error": "REASON"}.
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "drivers/sql/split.h"

namespace {

using Json = nlohmann::json;

bool IsQuestion(const Json& json) {
  return json.is_object() && json.contains("id") && json.contains("dialect") &&
         json["dialect"].is_string() && json.contains("sql") && json["sql"].is_string();
}

Json Answer(const Json& question) {
  Json answer = {{"id", question["id"]}};
  std::string sql = question["sql"];
  auto dialect = mig::DialectFromName(question["dialect"].get<std::string>());
  if (!dialect) {
    answer["error"] = mig::InfoOf(mig::Reason::kUnsupported).text;
    return answer;
  }
  auto statements = mig::SplitStatements(*dialect, sql);
  if (!statements) {
    answer["error"] = mig::InfoOf(statements.error().reason).text;
    return answer;
  }
  answer["statements"] = Json::array();
  for (const mig::StatementSpan& span : *statements)
    answer["statements"].push_back(span.TextIn(sql));
  return answer;
}

}  // namespace

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    Json question = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!IsQuestion(question)) {
      std::cerr << "split_runner: not {\"id\", \"dialect\", \"sql\"}: " << line << "\n";
      return 2;
    }
    std::cout << Answer(question).dump(-1, ' ', false, Json::error_handler_t::replace) << "\n"
              << std::flush;
  }
}
