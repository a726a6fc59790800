#include "daemon/tokens.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "store/core/sha256.h"
#include "store/durable_file.h"
#include "store/keys.h"

namespace mig {
namespace {

constexpr std::string_view kTokensFirstLine = "mig-tokens 1";

// The text up to the mark, which is taken off with it.
std::string_view TakeUpTo(char mark, std::string_view* rest) {
  const std::size_t end = std::min(rest->find(mark), rest->size());
  const std::string_view taken = rest->substr(0, end);
  rest->remove_prefix(std::min(end + 1, rest->size()));
  return taken;
}

// One word of a token's line: `read-only`, or `<key>=<value>`.
bool ReadWord(std::string_view word, AccessToken* token) {
  const std::string_view key = TakeUpTo('=', &word);
  if (key == "read-only" && word.empty()) {
    token->read_only = true;
  } else if (key == "sha256" && IsSha256(word)) {
    token->sha256 = word;
  } else if (key == "made") {
    token->made = word;
  } else if (key == "revoked" && !word.empty()) {
    token->revoked = word;
  } else if (key == "project" && keys::CheckProject(word)) {
    token->projects.emplace_back(word);
  } else {
    return false;
  }
  return true;
}

std::optional<AccessToken> ReadLine(std::string_view line) {
  AccessToken token;
  token.name = TakeUpTo(' ', &line);
  while (!line.empty()) {
    if (!ReadWord(TakeUpTo(' ', &line), &token)) return std::nullopt;
  }
  if (token.sha256.empty() || !keys::CheckProject(token.name)) return std::nullopt;
  return token;
}

// A name of a token is what a name of a project is.
Result<void> CheckTokenName(std::string_view name) {
  if (keys::CheckProject(name)) return {};
  return Error{Reason::kNameInvalid,
               fmt::format("`{}` is no token's name", name),
               {{"name", std::string(name)}},
               "1 to 128 of letters, digits, `_`, `.`, `-`"};
}

// The folder, locked for as long as this lives: one change at a time.
class FolderLock {
 public:
  static Result<FolderLock> Take(const std::string& folder) {
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) {
      return Error{Reason::kFileUnwritable,
                   fmt::format("there is no store {}", folder),
                   {{"file", folder}},
                   "start migd once, which makes it, or correct --store or --config"};
    }
    FolderLock lock(descriptor);
    if (::flock(descriptor, LOCK_EX) != 0) return FileError("lock", folder, errno);
    return lock;
  }
  FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ~FolderLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}

  int descriptor_;
};

std::vector<AccessToken>::iterator InForce(std::vector<AccessToken>& tokens,
                                           std::string_view name) {
  return std::ranges::find_if(tokens, [&](const AccessToken& token) {
    return token.name == name && token.revoked.empty();
  });
}

}  // namespace

Result<std::vector<AccessToken>> ParseTokens(std::string_view file, std::string_view text) {
  std::vector<AccessToken> tokens;
  for (int number = 1; !text.empty(); ++number) {
    const std::string_view line = TakeUpTo('\n', &text);
    const bool is_first = number == 1;
    std::optional<AccessToken> token = is_first ? std::nullopt : ReadLine(line);
    if (is_first ? line != kTokensFirstLine : !token) {
      return Error{Reason::kConfigInvalid,
                   fmt::format("{}:{}: this is no line of a file of tokens", file, number),
                   {{"file", std::string(file)}, {"line", std::to_string(number)}}};
    }
    if (token) tokens.push_back(*std::move(token));
  }
  return tokens;
}

std::string FormatTokens(const std::vector<AccessToken>& tokens) {
  std::string text = fmt::format("{}\n", kTokensFirstLine);
  for (const AccessToken& token : tokens) {
    text += fmt::format("{} sha256={} made={}", token.name, token.sha256, token.made);
    for (const std::string& project : token.projects) text += " project=" + project;
    if (token.read_only) text += " read-only";
    if (!token.revoked.empty()) text += " revoked=" + token.revoked;
    text += '\n';
  }
  return text;
}

const AccessToken* FindSecret(const std::vector<AccessToken>& tokens, std::string_view secret) {
  const std::string digest = Hex(Sha256(secret));
  const AccessToken* found = nullptr;
  for (const AccessToken& token : tokens) {
    unsigned different = token.sha256.size() == digest.size() ? 0 : 1;
    for (std::size_t i = 0; i < std::min(digest.size(), token.sha256.size()); ++i)
      different |= static_cast<unsigned char>(token.sha256[i] ^ digest[i]);
    if (different == 0) found = &token;
  }
  return found;
}

TokenFile::TokenFile(std::string folder) : folder_(std::move(folder)), path_(folder_ + "/TOKENS") {}

TokenFile::Stamp TokenFile::StampNow() const {
  struct stat file = {};
  if (::stat(path_.c_str(), &file) != 0) return {};
  return {file.st_ino, std::int64_t{file.st_mtim.tv_sec} * 1'000'000'000 + file.st_mtim.tv_nsec,
          file.st_size};
}

Result<std::vector<AccessToken>> TokenFile::Read() const {
  if (::access(path_.c_str(), F_OK) != 0) return std::vector<AccessToken>();
  const auto text = ReadFile(path_);
  if (text) return ParseTokens(path_, *text);
  return Error{Reason::kFileUnreadable, text.error().message, {{"file", path_}}};
}

Result<std::shared_ptr<const std::vector<AccessToken>>> TokenFile::Current() const {
  const std::lock_guard lock(mutex_);
  const Stamp now = StampNow();
  if (current_ == nullptr || now != stamp_) {
    current_ = std::make_shared<const std::vector<AccessToken>>(TRY(Read()));
    stamp_ = now;
  }
  return current_;
}

Result<void> TokenFile::Add(const AccessToken& token) const {
  TRY(CheckTokenName(token.name));
  for (const std::string& project : token.projects) TRY(keys::CheckProject(project));
  const FolderLock lock = TRY(FolderLock::Take(folder_));
  std::vector<AccessToken> tokens = TRY(Read());
  if (InForce(tokens, token.name) != tokens.end()) {
    return Error{Reason::kNameTaken,
                 fmt::format("there is a token `{}`", token.name),
                 {{"name", token.name}},
                 "choose another name, or revoke that token first"};
  }
  tokens.push_back(token);
  return Write(tokens);
}

Result<void> TokenFile::Revoke(std::string_view name, const std::string& time) const {
  const FolderLock lock = TRY(FolderLock::Take(folder_));
  std::vector<AccessToken> tokens = TRY(Read());
  const auto token = InForce(tokens, name);
  if (token == tokens.end()) {
    return Error{Reason::kInvalidArgument,
                 fmt::format("there is no token `{}` in force", name),
                 {{"name", std::string(name)}},
                 "`migd token list` lists them; those of migd.toml are revoked there"};
  }
  token->revoked = time;
  return Write(tokens);
}

Result<void> TokenFile::Write(const std::vector<AccessToken>& tokens) const {
  const std::string fresh = path_ + ".new";
  struct stat folder = {};
  const auto written = [&]() -> Result<void> {
    ::unlink(fresh.c_str());
    DurableFile file = TRY(DurableFile::Open(fresh, DurableFile::Mode::kCreate));
    TRY(file.WriteAt(0, FormatTokens(tokens)));
    if (::stat(folder_.c_str(), &folder) == 0 && folder.st_uid != ::geteuid() &&
        ::fchown(file.descriptor(), folder.st_uid, folder.st_gid) != 0) {
      return FileError("give away", fresh, errno);
    }
    TRY(file.Sync());
    if (::rename(fresh.c_str(), path_.c_str()) != 0) return FileError("replace", path_, errno);
    return SyncDirectory(folder_);
  }();
  if (written) return {};
  return Error{Reason::kFileUnwritable, written.error().message, {{"file", path_}}};
}

}  // namespace mig
