#include "drivers/postgres_program.h"

#include "drivers/postgres_parameters.h"
#include "drivers/program_environment.h"

namespace mig {
namespace {

std::string Quoted(const std::string& value) {
  std::string quoted = "'";
  for (char c : value) {
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "'";
}

}  // namespace

PostgresProgram PostgresProgramFor(const TargetUrl& url) {
  PostgresProgram program;
  program.environment = ProgramEnvironment();
  for (const auto& [keyword, value] : url.parameters) {
    auto variable = PostgresVariables().find(keyword);
    if (variable != PostgresVariables().end()) {
      program.environment[variable->second] = value;
    } else if (keyword != "sslpassword") {
      program.conninfo += keyword + "=" + Quoted(value) + " ";
    }
  }
  return program;
}

}  // namespace mig
