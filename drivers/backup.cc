#include "drivers/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "drivers/child_process.h"
#include "drivers/mariadb_program.h"
#include "drivers/postgres_program.h"
#include "drivers/program_environment.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

Error Failed(const std::string& what) {
  return {Reason::kBackupFailed, "the backup failed: " + what};
}

// The last thing a program said; the rest is progress.
std::string LastWords(const std::string& err) {
  std::string text = RedactSecrets(err);
  while (!text.empty() && text.back() == '\n') text.pop_back();
  constexpr std::size_t kMost = 400;
  if (text.size() > kMost) text = "..." + text.substr(text.size() - kMost);
  return text;
}

// Runs a program that has to succeed.
Result<ChildOutcome> MustRun(const BackupOrder& order, const std::vector<std::string>& arguments,
                             const std::map<std::string, std::string>& environment,
                             const std::string& shown, const std::string& directory = {}) {
  auto outcome = RunChild(arguments, environment, {order.time, order.cancelled}, directory);
  if (!outcome) {
    if (outcome.error().reason == Reason::kCancelled)
      return Error{Reason::kCancelled, "the backup was cancelled"};
    return Failed(outcome.error().message);
  }
  if (outcome->timed_out) {
    return Failed(
        fmt::format("{} did not end within {} s", shown,
                    std::chrono::duration_cast<std::chrono::seconds>(order.time).count()));
  }
  if (outcome->status != 0) {
    const std::string why = LastWords(outcome->err);
    return Failed(fmt::format("{} ended with status {}{}", shown, outcome->status,
                              why.empty() ? "" : ": " + why));
  }
  return outcome;
}

Result<void> DumpPostgres(const BackupOrder& order, const std::string& file) {
  const PostgresProgram program = PostgresProgramFor(order.url);
  TRY(MustRun(order,
              {"pg_dump", "--format=custom", "--no-password", "--file=" + file,
               "--dbname=" + program.conninfo},
              program.environment, "pg_dump"));
  TRY(MustRun(order, {"pg_restore", "--list", "--file=/dev/null", file}, ProgramEnvironment(),
              "pg_restore --list"));
  return {};
}

bool EndsWithCompleted(const std::string& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  const auto size = static_cast<std::streamoff>(in.tellg());
  in.seekg(std::max<std::streamoff>(0, size - 200));
  const std::string end((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  return end.find("-- Dump completed") != std::string::npos;
}

Result<void> DumpMariadb(const BackupOrder& order, const std::string& file) {
  const MariadbProgram program = MariadbProgramFor(order.url);
  std::vector<std::string> arguments = {"mariadb-dump"};
  arguments.insert(arguments.end(), program.options.begin(), program.options.end());
  for (const char* option : {"--single-transaction", "--routines", "--triggers", "--events",
                             "--default-character-set=utf8mb4"}) {
    arguments.push_back(option);
  }
  arguments.push_back("--result-file=" + file);
  const bool two = !order.schema.empty() && order.schema != program.database;
  if (two) arguments.emplace_back("--databases");
  arguments.emplace_back("--");
  arguments.push_back(program.database);
  if (two) arguments.push_back(order.schema);
  TRY(MustRun(order, arguments, program.environment, "mariadb-dump"));
  if (EndsWithCompleted(file)) return {};
  return Failed("the dump does not end as a complete one does");
}

std::map<std::string, std::string> CommandEnvironment(const BackupOrder& order,
                                                      const std::string& file) {
  std::map<std::string, std::string> environment = ProgramEnvironment();
  switch (order.url.dialect) {
    case Dialect::kPostgresql: {
      const PostgresProgram program = PostgresProgramFor(order.url);
      environment.insert(program.environment.begin(), program.environment.end());
      break;
    }
    case Dialect::kSqlite:
      environment["MIG_DATABASE_FILE"] = order.url.path;
      break;
    case Dialect::kMariadb: {
      const MariadbProgram program = MariadbProgramFor(order.url);
      environment.insert(program.environment.begin(), program.environment.end());
      std::string options;
      for (const std::string& option : program.options)
        options += (options.empty() ? "" : " ") + option;
      environment["MIG_MARIADB_OPTIONS"] = options;
      environment["MIG_DATABASE"] = program.database;
      break;
    }
  }
  if (const char* home = std::getenv("HOME")) environment["HOME"] = home;
  environment["MIG_BACKUP_FILE"] = file;
  environment["MIG_TARGET"] = order.target;
  return environment;
}

Result<void> Write(const BackupOrder& order, const std::string& file) {
  const auto suits = [&](Dialect dialect) -> Result<void> {
    if (order.url.dialect == dialect) return {};
    return Error{Reason::kConfigInvalid,
                 fmt::format("backup = \"{}\" does not suit target {}, which is {}", order.method,
                             order.target, NameOf(order.url.dialect))};
  };
  if (order.method == "pg_dump") {
    TRY(suits(Dialect::kPostgresql));
    return DumpPostgres(order, file);
  }
  if (order.method == "sqlite") {
    TRY(suits(Dialect::kSqlite));
    return CopySqliteDatabase(order.url.path, file, order.time, order.cancelled);
  }
  if (order.method == "mariadb-dump") {
    TRY(suits(Dialect::kMariadb));
    return DumpMariadb(order, file);
  }
  TRY(MustRun(order, {"/bin/sh", "-c", order.method}, CommandEnvironment(order, file),
              "the backup command", order.command_directory));
  return {};
}

std::string Extension(const BackupOrder& order) {
  if (order.method == "pg_dump") return ".dump";
  if (order.method == "sqlite") return ".db";
  return order.method == "mariadb-dump" ? ".sql" : ".backup";
}

// The bytes are on the disk, and so is the name.
Result<void> Sync(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && fsync(descriptor) == 0;
  const int failure = errno;
  if (descriptor >= 0) close(descriptor);
  if (synced) return {};
  return Failed(fmt::format("cannot sync {}: {}", path, std::strerror(failure)));
}

// Takes a file away that did not get its name.
class Partial {
 public:
  explicit Partial(std::string file) : file_(std::move(file)) {}
  ~Partial() {
    if (file_.empty()) return;
    for (const char* suffix : {"", "-journal", "-wal", "-shm"}) unlink((file_ + suffix).c_str());
  }
  Partial(const Partial&) = delete;
  Partial& operator=(const Partial&) = delete;

  const std::string& file() const { return file_; }
  void Keep() { file_.clear(); }

 private:
  std::string file_;
};

// A new one may stand in a work tree, whose Git is no place for rows.
Result<void> MakeFolder(const std::string& directory) {
  std::error_code failure;
  const bool made = fs::create_directories(directory, failure);
  if (failure)
    return Failed(fmt::format("cannot make the folder {}: {}", directory, failure.message()));
  if (made) std::ofstream(directory + "/.gitignore") << "*\n";
  return {};
}

}  // namespace

Result<Backup> TakeBackup(const BackupOrder& order) {
  TRY(MakeFolder(order.directory));
  Backup backup;
  backup.file = order.directory + "/" + order.stem + Extension(order);
  Partial partial(backup.file + ".partial");
  TRY(Write(order, partial.file()));
  struct stat status = {};
  if (stat(partial.file().c_str(), &status) != 0)
    return Failed(fmt::format("it wrote no file {}", partial.file()));
  if (status.st_size == 0) return Failed(fmt::format("the file {} is empty", partial.file()));
  backup.bytes = status.st_size;
  TRY(Sync(partial.file()));
  if (rename(partial.file().c_str(), backup.file.c_str()) != 0)
    return Failed(fmt::format("cannot name {}: {}", backup.file, std::strerror(errno)));
  partial.Keep();
  TRY(Sync(order.directory));
  return backup;
}

}  // namespace mig
