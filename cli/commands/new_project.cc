#include "cli/commands/new_project.h"

#include <fstream>

#include "cli/config.h"
#include "cli/file.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

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

}  // namespace mig
