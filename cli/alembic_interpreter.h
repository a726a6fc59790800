// The user's own Alembic: where its project and its Python interpreter are, and what it answers.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/alembic_project.h"
#include "cli/config.h"
#include "store/core/result.h"

namespace mig {

struct AlembicCall {
  std::string folder;  // absolute: where Alembic is run
  std::string ini;     // alembic.ini, absolute; empty: none
  std::string toml;    // pyproject.toml, absolute; empty: none
  std::string section = "alembic";
  std::vector<std::string> x;  // arguments of env.py, as NAME=VALUE
  std::string engine;          // which of env.py's engines; empty: there is one
};

// Fills in folder, ini and toml: `path` is one of these files, or a folder that has them. Errors:
// kFileUnreadable.
Result<AlembicCall> FindAlembicProject(const std::string& path);

// The interpreter to ask: `wanted`, else that of $VIRTUAL_ENV, else the one that runs the `alembic`
// on PATH, else python3.
std::string InterpreterFor(const std::string& wanted, const Environment& environment);

// Has the project written down, in `dialect`, or in the one that env.py chooses. Errors:
// kUnsupported, with what Alembic said.
Result<AlembicProject> ExportAlembic(
    const std::string& interpreter, const AlembicCall& call, std::optional<Dialect> dialect,
    const std::function<void(const AlembicProject&, std::size_t)>& on_progress);

}  // namespace mig
