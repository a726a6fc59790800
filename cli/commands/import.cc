#include <string>

#include "cli/commands/all.h"
#include "cli/commands/import_alembic.h"
#include "cli/context.h"

namespace mig {
namespace {

constexpr Option kOptions[] = {
    {"--into", "DIR", "the work tree; it is made where there is none (default: where you are)"},
    {"--dialect", "NAME",
     "postgresql, sqlite or mariadb instead of what env.py says; for several "
     "databases give it several times",
     true},
    {"--python", "PROGRAM", "the interpreter that Alembic is installed for"},
    {"-c,--config", "FILE", "Alembic's configuration, instead of PATH"},
    {"-n,--name", "SECTION", "the section of alembic.ini to read (default: alembic)"},
    {"-x", "NAME=VALUE", "an argument for env.py", true},
    {"--engine", "NAME", "which database, where env.py migrates several at once"},
    {"--allow", "WHAT", "consent to `overwrite`: files that differ are replaced", true},
};

Result<int> Run(Context& context) {
  const std::string source = context.args().Operand(0);
  if (source == "alembic") return ImportAlembic(context);
  return Error{Reason::kUsage,
               "mig cannot import `" + source + "`",
               {},
               "`mig import alembic [PATH]` imports an Alembic project"};
}

}  // namespace

const Command kImport = {
    .name = "import",
    .group = Group::kWrite,
    .summary = "Make revision files out of an Alembic project",
    .description =
        "Asks your own Alembic, offline: no database is touched. PATH is the folder of alembic.ini "
        "or pyproject.toml (default: where you are), or that file. A revision keeps its id as an "
        "alias. What cannot be written as SQL is listed (exit status 4) and refused by `mig "
        "upgrade` until somebody wrote it. Files that are there already stay as they are, so the "
        "command can be repeated.",
    .operands = {"alembic [PATH]", 1, 2},
    .options = kOptions,
    .examples =
        "$ mig import alembic                       # the project you are in\n"
        "$ mig import alembic ../shop --into db     # into the work tree db\n"
        "$ mig import alembic --dialect postgresql --dialect sqlite\n"
        "$ mig import alembic --python .venv/bin/python -x tenant=a",
    .run = Run,
};

}  // namespace mig
