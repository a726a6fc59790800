#include "cli/credentials.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "cli/file.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

Credential ParseLine(std::string_view line) {
  Credential credential;
  const std::size_t first = std::min(line.find(' '), line.size());
  const std::size_t second = std::min(line.find(' ', first + 1), line.size());
  credential.address = line.substr(0, first);
  credential.token = line.substr(std::min(first + 1, line.size()), second - first - 1);
  credential.ca_file = line.substr(std::min(second + 1, line.size()));
  return credential;
}

std::string Format(const std::vector<Credential>& credentials) {
  std::string text;
  for (const Credential& each : credentials) {
    text += each.address + " " + each.token;
    text += (each.ca_file.empty() ? "" : " ") + each.ca_file + "\n";
  }
  return text;
}

// Like ssh with its keys: what others could have read or changed is not used.
Result<void> CheckPrivate(const std::string& path) {
  struct stat file = {};
  if (::stat(path.c_str(), &file) != 0 || (file.st_mode & 077) == 0) return {};
  return Error{Reason::kPermissionDenied,
               "others can open " + path + ", which holds tokens",
               {{"file", path}},
               "chmod 600 " + path};
}

Result<std::vector<Credential>> ReadCredentials(const std::string& path) {
  std::vector<Credential> credentials;
  if (!Exists(path)) return credentials;
  TRY(CheckPrivate(path));
  const std::string text = TRY(ReadFile(path));
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (end > 0) credentials.push_back(ParseLine(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return credentials;
}

Result<void> WriteCredentials(const std::string& path, const std::vector<Credential>& credentials) {
  const mode_t mask = ::umask(077);
  std::error_code failed;
  fs::create_directories(fs::path(path).parent_path(), failed);
  const Result<void> written = ReplaceFile(path, Format(credentials));
  ::umask(mask);
  return written;
}

bool Remove(std::vector<Credential>& credentials, std::string_view address) {
  return std::erase_if(credentials,
                       [&](const Credential& each) { return each.address == address; }) > 0;
}

Result<std::string> HomeOf(const Environment& environment) {
  const std::string home = Lookup(environment, "HOME");
  if (!home.empty()) return home;
  const passwd* user = ::getpwuid(::getuid());
  if (user != nullptr && user->pw_dir != nullptr && *user->pw_dir != '\0')
    return std::string(user->pw_dir);
  return Error{Reason::kConfigInvalid,
               "there is no place for tokens: HOME is not set, and the system knows none",
               {},
               "set HOME or XDG_CONFIG_HOME"};
}

}  // namespace

Result<std::string> CredentialsFile(const Environment& environment) {
  const std::string configured = Lookup(environment, "XDG_CONFIG_HOME");
  const std::string folder =
      configured.starts_with('/') ? configured : TRY(HomeOf(environment)) + "/.config";
  return folder + "/mig/credentials";
}

Result<std::optional<Credential>> FindCredential(const Environment& environment,
                                                 std::string_view address) {
  const Result<std::string> path = CredentialsFile(environment);
  if (!path) return std::optional<Credential>();  // where none can be kept, none was
  const std::vector<Credential> credentials = TRY(ReadCredentials(*path));
  const auto found = std::ranges::find(credentials, address, &Credential::address);
  if (found == credentials.end()) return std::optional<Credential>();
  return std::optional<Credential>(*found);
}

Result<void> AddCredential(const Environment& environment, DaemonAddress& address) {
  const bool wanted = address.address.starts_with("https://") && address.token.empty() &&
                      address.certificate_file.empty();
  if (!wanted) return {};
  const auto kept = TRY(FindCredential(environment, address.address));
  if (!kept) return {};
  address.token = kept->token;
  if (address.ca_file.empty()) address.ca_file = kept->ca_file;
  return {};
}

Result<void> KeepCredential(const Environment& environment, const Credential& credential) {
  const std::string path = TRY(CredentialsFile(environment));
  std::vector<Credential> credentials = TRY(ReadCredentials(path));
  Remove(credentials, credential.address);
  credentials.push_back(credential);
  return WriteCredentials(path, credentials);
}

Result<bool> ForgetCredential(const Environment& environment, std::string_view address) {
  const std::string path = TRY(CredentialsFile(environment));
  std::vector<Credential> credentials = TRY(ReadCredentials(path));
  if (!Remove(credentials, address)) return false;
  TRY(WriteCredentials(path, credentials));
  return true;
}

}  // namespace mig
