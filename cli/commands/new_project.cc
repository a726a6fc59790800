#include "cli/commands/new_project.h"

#include "cli/file.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

Result<void> CheckNoProject(const fs::path& root) {
  const fs::path config = root / "mig.toml";
  if (!fs::exists(config)) return {};
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
  if (fs::exists(path)) text = TRY(ReadFile(path.string()));
  std::string wanted = text;
  if (!wanted.empty() && !wanted.ends_with('\n')) wanted += '\n';
  for (const std::string& line : lines) {
    if (("\n" + wanted).find("\n" + line + "\n") == std::string::npos) wanted += line + "\n";
  }
  if (wanted == text) return {};
  return ReplaceFile(path.string(), wanted);
}

// A url with a password goes into .env, which Git does not see, and mig.toml names the variable.
Result<std::string> KeepSecret(const fs::path& root, const std::string& url) {
  if (!HoldsPassword(url)) return url;
  fs::path path = root / ".env";
  TRY(CreateFile(path.string(), "MIG_DEV_URL=" + url + "\n", 0600));
  return std::string(kUrlInDotEnv);
}

}  // namespace

std::string Rebased(const std::string& url, const fs::path& root) {
  constexpr std::string_view kScheme = "sqlite:";
  std::string path = url.starts_with(kScheme) ? url.substr(kScheme.size()) : "";
  if (path.empty() || path.starts_with('/')) return url;
  return std::string(kScheme) +
         fs::absolute(path).lexically_normal().lexically_relative(root).string();
}

Result<void> MakeProject(const fs::path& root, const ProjectTemplate& chosen,
                         const std::string& given) {
  TRY(CheckNoProject(root));
  TRY(MakeFolder(root));
  const std::string url = TRY(KeepSecret(root, given));
  const std::string name = ProjectNameFrom(root.filename().string());
  return MakeProject(root, ProjectConfig(name, chosen, url));
}

Result<void> MakeProject(const fs::path& root, const std::string& text) {
  TRY(CheckNoProject(root));
  TRY(MakeFolder(root / "migrations"));
  TRY(CreateFile((root / "mig.toml").string(), text));
  return Ignore(root, {".mig/", ".env"});
}

}  // namespace mig
