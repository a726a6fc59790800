#include "cli/local_places.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string_view>
#include <vector>

#include "cli/file.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

constexpr std::size_t kMaxSocketPath = 107;  // unix(7): sun_path has 108 bytes, one of them NUL
constexpr std::size_t kFolderHashDigits = 16;

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string Canonical(const std::string& path) {
  char buffer[PATH_MAX];
  return ::realpath(path.c_str(), buffer) == nullptr ? path : buffer;
}

std::string FileNameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string HashOf(const std::string& path) {
  return Hex(Sha256(path)).substr(0, kFolderHashDigits);
}

// Makes `path` a folder that only we can open, or says why it is none: a folder in a place where
// anybody can write may be somebody's trap.
Result<void> MakePrivateFolder(const std::string& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return Error{Reason::kFileUnwritable,
                 "cannot make " + path + ": " + std::strerror(errno),
                 {{"file", path}}};
  }
  struct stat folder = {};
  if (::lstat(path.c_str(), &folder) != 0 || !S_ISDIR(folder.st_mode) ||
      folder.st_uid != ::geteuid() || (folder.st_mode & 077) != 0) {
    return Error{Reason::kPermissionDenied,
                 path + " is not a folder that only you can open",
                 {{"file", path}},
                 "remove it, or set XDG_RUNTIME_DIR to a folder of yours"};
  }
  return {};
}

// The user's folder for sockets, short enough that `name` fits.
Result<std::string> RuntimeFolder(std::size_t name_bytes) {
  const std::size_t longest = kMaxSocketPath - name_bytes - 1;
  if (const std::string runtime = Variable("XDG_RUNTIME_DIR"); runtime.starts_with('/')) {
    const std::string folder = runtime + "/mig";
    if (folder.size() <= longest && MakePrivateFolder(folder)) return folder;
  }
  std::string temporary = Variable("TMPDIR");
  const std::string own = "/mig-" + std::to_string(::geteuid());
  if (!temporary.starts_with('/') || temporary.size() + own.size() > longest) temporary = "/tmp";
  const std::string folder = temporary + own;
  TRY(MakePrivateFolder(folder));
  return folder;
}

// Keeps Git away from the state, also where no .gitignore of the work tree does.
void IgnoreInGit(const std::string& state) {
  const int file =
      ::open((state + "/.gitignore").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return;
  [[maybe_unused]] const ssize_t written = ::write(file, "*\n", 2);
  ::close(file);
}

bool IsExecutable(const std::string& path) {
  struct stat file = {};
  return ::stat(path.c_str(), &file) == 0 && S_ISREG(file.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

std::vector<std::string> MigdCandidates() {
  const std::string self = Canonical("/proc/self/exe");
  const std::string folder = self.substr(0, self.rfind('/'));
  std::vector<std::string> candidates = {folder + "/migd", folder + "/../libexec/migd",
                                         folder + "/../libexec/mig/migd"};
  std::istringstream path(Variable("PATH"));
  for (std::string entry; std::getline(path, entry, ':');) {
    if (entry.starts_with('/')) candidates.push_back(entry + "/migd");
  }
  return candidates;
}

}  // namespace

std::string StateInWorkTree(const std::string& work_tree) {
  const std::string state = work_tree + "/.mig";
  if (::mkdir(state.c_str(), 0700) == 0) IgnoreInGit(state);
  struct stat folder = {};
  const bool usable = ::stat(state.c_str(), &folder) == 0 && S_ISDIR(folder.st_mode) &&
                      ::access(state.c_str(), R_OK | W_OK | X_OK) == 0;
  return usable ? Canonical(state) : "";
}

std::string LocalPlaces::socket() const {
  constexpr std::string_view kKey = "\nsocket ";
  const Result<std::string> text = ReadFile(identity());
  const std::size_t at = text ? text->find(kKey) : std::string::npos;
  if (at == std::string::npos) return own_socket;
  const std::size_t begin = at + kKey.size();
  std::string named = text->substr(begin, text->find('\n', begin) - begin);
  struct stat file = {};
  // A copied work tree brings the file of the original's daemon along, whose socket is called by
  // another state folder.
  const bool is_ours = FileNameOf(named) == FileNameOf(own_socket);
  return is_ours && ::lstat(named.c_str(), &file) == 0 && S_ISSOCK(file.st_mode) ? named
                                                                                 : own_socket;
}

Result<LocalPlaces> PlacesOf(const std::string& work_tree) {
  constexpr std::string_view kSuffix = ".sock";
  const std::string runtime = TRY(RuntimeFolder(kFolderHashDigits + kSuffix.size()));
  LocalPlaces places;
  places.state = StateInWorkTree(work_tree);
  if (places.state.empty()) {
    places.state = runtime + "/" + HashOf(Canonical(work_tree) + "/.mig");
    TRY(MakePrivateFolder(places.state));
    places.state = Canonical(places.state);
  }
  places.own_socket = runtime + "/" + HashOf(places.state) + std::string(kSuffix);
  return places;
}

Result<std::string> FindMigd() {
  if (const std::string named = Variable("MIG_MIGD"); !named.empty()) {
    if (named.starts_with('/') && IsExecutable(named)) return Canonical(named);
    return Error{Reason::kDaemonUnreachable,
                 "MIG_MIGD names no executable by its absolute path: " + named,
                 {{"file", named}},
                 "correct it, or unset it to use the migd beside mig"};
  }
  for (const std::string& candidate : MigdCandidates()) {
    if (IsExecutable(candidate)) return Canonical(candidate);
  }
  return Error{Reason::kDaemonUnreachable,
               "there is no migd beside mig, in its libexec folder or in PATH",
               {},
               "install migd, or name it in MIG_MIGD"};
}

std::string BinaryIdentity(const std::string& path) {
  struct stat file = {};
  if (::stat(path.c_str(), &file) != 0) return "";
  const std::int64_t nanoseconds =
      std::int64_t{file.st_mtim.tv_sec} * 1'000'000'000 + file.st_mtim.tv_nsec;
  return std::to_string(file.st_dev) + ':' + std::to_string(file.st_ino) + ':' +
         std::to_string(nanoseconds) + ':' + std::to_string(file.st_size);
}

}  // namespace mig
