#include "cli/alembic_interpreter.h"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "cli/alembic_export.h"
#include "cli/file.h"
#include "cli/process.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

bool HasAlembicTable(const fs::path& toml) {
  const auto text = ReadFile(toml.string());
  return text && text->find("[tool.alembic]") != std::string::npos;
}

std::string PythonIn(const fs::path& folder) {
  for (const char* name : {"python3", "python"}) {
    if (IsProgram(folder / name)) return (folder / name).string();
  }
  return "";
}

// "#!/usr/bin/python3" says who runs a script; a launcher of another kind stands beside its Python.
std::string InterpreterOf(const fs::path& script) {
  const auto text = ReadFile(script.string());
  const std::string line = text ? text->substr(0, text->find('\n')) : "";
  const std::size_t begin = line.starts_with("#!") ? line.find_first_not_of(' ', 2) : line.npos;
  if (begin != line.npos) {
    const std::string program = line.substr(begin, line.find(' ', begin) - begin);
    if (fs::path(program).filename().string().starts_with("python") && IsProgram(program))
      return program;
  }
  return PythonIn(script.parent_path());
}

// The last line of a traceback, or whatever was said last.
std::string LastLine(std::string text) {
  text.erase(text.find_last_not_of(" \n") + 1);
  return text.substr(text.rfind('\n') + 1);
}

std::string CauseOf(Ended ended) {
  std::string said = LastLine(std::move(ended.errors));
  if (!said.empty()) return said;
  return "it ended with status " + std::to_string(ended.status) + ", and said nothing";
}

}  // namespace

Result<AlembicCall> FindAlembicProject(const std::string& given) {
  std::error_code ignored;
  const fs::path path = fs::absolute(given.empty() ? "." : given, ignored).lexically_normal();
  AlembicCall call;
  if (fs::is_directory(path, ignored)) {
    call.folder = path.string();
    for (const char* ini :
         {"alembic.ini", "migrations/alembic.ini"}) {  // the latter: Flask-Migrate
      if (call.ini.empty() && fs::exists(path / ini, ignored)) call.ini = (path / ini).string();
    }
    if (HasAlembicTable(path / "pyproject.toml")) call.toml = (path / "pyproject.toml").string();
  } else if (fs::exists(path, ignored)) {
    call.folder = path.parent_path().string();
    (path.extension() == ".toml" ? call.toml : call.ini) = path.string();
  }
  if (!call.ini.empty() || !call.toml.empty()) return call;
  return Error{
      Reason::kFileUnreadable,
      "there is no alembic.ini, and no pyproject.toml with [tool.alembic], at " + path.string(),
      {{"file", path.string()}},
      "name the folder of Alembic's project, or its alembic.ini"};
}

std::string InterpreterFor(const std::string& wanted, const Environment& environment) {
  if (!wanted.empty()) return wanted;
  if (const std::string venv = Lookup(environment, "VIRTUAL_ENV"); !venv.empty()) {
    const std::string python = PythonIn(fs::path(venv) / "bin");
    if (!python.empty()) return python;
  }
  const fs::path alembic = FindProgram(Lookup(environment, "PATH"), "alembic");
  const std::string python = alembic.empty() ? "" : InterpreterOf(alembic);
  return python.empty() ? "python3" : python;
}

Result<AlembicProject> ExportAlembic(
    const std::string& interpreter, const AlembicCall& call, std::optional<Dialect> dialect,
    const std::function<void(const AlembicProject&, std::size_t)>& on_progress) {
  const auto or_null = [](std::string_view text) {
    return text.empty() ? nlohmann::json() : nlohmann::json(text);
  };
  const std::string name = !dialect                        ? ""
                           : *dialect == Dialect::kMariadb ? "mysql"
                                                           : std::string(NameOf(*dialect));
  const nlohmann::json request = {{"ini", or_null(call.ini)},       {"toml", or_null(call.toml)},
                                  {"section", call.section},        {"x", call.x},
                                  {"engine", or_null(call.engine)}, {"dialect", or_null(name)}};
  // Sets have one order then, so that a second export is the same as the first.
  const Program program{{interpreter, "-", request.dump()},
                        std::string(kAlembicExport),
                        call.folder,
                        {"PYTHONHASHSEED=0"}};
  AlembicReader reader;
  std::size_t rendered = 0;
  auto ended = RunProgram(program, [&](std::string_view line) -> Result<void> {
    TRY(reader.Take(line));
    on_progress(reader.so_far(), ++rendered);
    return {};
  });
  if (!ended) return std::move(ended).error();
  if (ended->status == 0) return std::move(reader).Project();
  return Error{
      Reason::kUnsupported,
      interpreter + " cannot be asked for Alembic's revisions: " + CauseOf(*std::move(ended)),
      {},
      "--python names the interpreter that Alembic is installed for"};
}

}  // namespace mig
