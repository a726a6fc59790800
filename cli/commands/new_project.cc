#include "cli/commands/new_project.h"

#include <chrono>
#include <fstream>
#include <vector>

#include "cli/config.h"
#include "cli/file.h"
#include "cli/running_process.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

// An idle daemon ends at once.
constexpr std::chrono::milliseconds kDaemonEndLimit{10'000};
constexpr std::chrono::milliseconds kDaemonEndPoll{50};

Result<void> CheckNoProject(const fs::path& root) {
  const fs::path config = root / "mig.toml";
  if (!Exists(config)) return {};
  return Error{Reason::kFileExists, config.string() + " exists already, and stays as it is"};
}

Result<void> MakeFolder(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (!failure) return {};
  return Error{Reason::kFileUnwritable,
               "cannot make the folder " + folder.string() + ": " + failure.message()};
}

// Adds the lines that are missing.
Result<void> Ignore(const fs::path& root, const std::vector<std::string>& lines) {
  fs::path path = root / ".gitignore";
  std::string text;
  if (Exists(path)) text = TRY(ReadFile(path.string()));
  std::string wanted = text;
  if (!wanted.empty() && !wanted.ends_with('\n')) wanted += '\n';
  for (const std::string& line : lines) {
    if (("\n" + wanted).find("\n" + line + "\n") == std::string::npos) wanted += line + "\n";
  }
  if (wanted == text) return {};
  return ReplaceFile(path.string(), wanted);
}

// Below what people have in the file, whose mode and place stay as they are.
Result<void> Append(const fs::path& path, const std::string& text, const std::string& line) {
  std::ofstream file(path, std::ios::app);
  if (!text.empty() && !text.ends_with('\n')) file << '\n';
  file << line;
  if (file.flush()) return {};
  return Error{Reason::kFileUnwritable, "cannot write " + path.string()};
}

// A url with a password goes into .env, which Git does not see, and mig.toml names the variable.
Result<std::string> KeepSecret(const fs::path& root, const std::string& url) {
  if (!HoldsPassword(url)) return url;
  const fs::path path = root / ".env";
  const std::string line = "MIG_DEV_URL=" + url + "\n";
  if (!Exists(path)) {
    TRY(CreateFile(path.string(), line, 0600));
    return std::string(kUrlInDotEnv);
  }
  const std::string text = TRY(ReadFile(path.string()));
  const Environment there = ParseDotEnv(text);
  if (!there.contains("MIG_DEV_URL")) {
    TRY(Append(path, text, line));
  } else if (there.at("MIG_DEV_URL") != url) {
    return Error{Reason::kFileExists,
                 path.string() + " has another MIG_DEV_URL already, and stays as it is",
                 {{"file", path.string()}},
                 "take that line out, or give it another name"};
  }
  return std::string(kUrlInDotEnv);
}

// What MakeProject will write that is not there yet.
std::vector<fs::path> NewFiles(const fs::path& root) {
  std::vector<fs::path> files;
  for (const char* name : {"mig.toml", "migrations", ".gitignore", ".env"}) {
    std::error_code ignored;
    if (!fs::exists(root / name, ignored)) files.push_back(root / name);
  }
  return files;
}

// The folders down to `root` that are not there yet, the deepest first.
std::vector<fs::path> NewFolders(const fs::path& root) {
  std::vector<fs::path> folders;
  for (fs::path folder = root; folder.has_relative_path() && !Exists(folder);
       folder = folder.parent_path())
    folders.push_back(folder);
  return folders;
}

// Whether the private daemon that was asked is gone. It is asked on as long as it answers: a
// connection that nobody reads from would keep it from ending.
bool EndDaemon(Context& context) {
  const Result<Client*> daemon = context.running_client();
  if (!daemon) return false;
  const auto answer = (*daemon)->Call(v1::GetDaemonRequest());
  if (!answer || answer->pid() != (*daemon)->ListeningProcess()) return false;
  const auto process = RunningProcess::Find(static_cast<pid_t>(answer->pid()));
  if (!process || !(*daemon)->Call(v1::StopDaemonRequest())) return false;
  const auto deadline = std::chrono::steady_clock::now() + kDaemonEndLimit;
  while (!process->AwaitEnd(kDaemonEndPoll)) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    (void)(*daemon)->Call(v1::GetDaemonRequest());
  }
  return true;
}

// Absent where there is no file.
std::optional<std::uintmax_t> SizeOf(const fs::path& path) {
  std::error_code absent;
  const std::uintmax_t bytes = fs::file_size(path, absent);
  return absent ? std::nullopt : std::optional(bytes);
}

}  // namespace

Result<std::string> Rebased(const std::string& url, const fs::path& root) {
  constexpr std::string_view kScheme = "sqlite:";
  std::string path = url.starts_with(kScheme) ? url.substr(kScheme.size()) : "";
  if (path.empty() || path.starts_with('/')) return url;
  return std::string(kScheme) + TRY(AbsolutePath(path)).lexically_relative(root).string();
}

Result<void> MakeProject(const fs::path& root, const ProjectTemplate& chosen,
                         const std::string& given) {
  TRY(CheckNoProject(root));
  TRY(MakeFolder(root));
  const std::string url = TRY(KeepSecret(root, given));
  const std::string name = ProjectNameFrom(root.filename().string());
  return MakeProject(root, ProjectConfig(name, chosen, url), url);
}

Result<void> MakeProject(const fs::path& root, const std::string& text, const std::string& url) {
  TRY(CheckNoProject(root));
  TRY(MakeFolder(root / "migrations"));
  TRY(CreateFile((root / "mig.toml").string(), text));
  return Ignore(root, IgnoredFiles(url));
}

ProjectBefore LookBefore(const fs::path& root) {
  return {NewFiles(root), NewFolders(root), SizeOf(root / ".env")};
}

void TakeBack(Context& context, const fs::path& root, const ProjectBefore& before) {
  std::error_code ignored;
  if (!before.folders.empty() && EndDaemon(context)) fs::remove_all(root / ".mig", ignored);
  if (before.dot_env_bytes) fs::resize_file(root / ".env", *before.dot_env_bytes, ignored);
  for (const fs::path& path : before.absent) fs::remove_all(path, ignored);
  for (const fs::path& folder : before.folders) fs::remove(folder, ignored);  // if it is empty
}

}  // namespace mig
