// The tokens of a shared daemon: who holds one, and what it lets them do.
//
// They are in the file TOKENS beside the store (docs/formats.md). `migd token` writes it, and a
// running daemon reads it anew once it has changed. A token itself is nowhere: only its SHA-256.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "store/core/result.h"

namespace mig {

// What a token starts with, so that people, scanners of secrets and RedactSecrets know one.
inline constexpr char kTokenPrefix[] = "mig_";

struct AccessToken {
  std::string name;                        // [A-Za-z0-9_.-], at most 128
  std::string sha256;                      // 64 lower-case hex digits
  std::string made = {};                   // RFC 3339
  std::vector<std::string> projects = {};  // the only ones it is for; empty: every one
  bool read_only = false;
  std::string revoked = {};  // RFC 3339; empty: it is in force

  friend bool operator==(const AccessToken&, const AccessToken&) = default;
};

// Between a file's text and its tokens. `file` is named in errors: kConfigInvalid, with the line.
Result<std::vector<AccessToken>> ParseTokens(std::string_view file, std::string_view text);
std::string FormatTokens(const std::vector<AccessToken>& tokens);

// The one whose secret this is, or nullptr. Takes the same time wherever a wrong secret differs.
const AccessToken* FindSecret(const std::vector<AccessToken>& tokens, std::string_view secret);

// The file. Changes are made under a lock, to a new file that takes the place of the old one, which
// belongs to whom the folder belongs to: root may make a token for a daemon that is another user.
// Thread-safe.
class TokenFile {
 public:
  // In the folder of the store.
  explicit TokenFile(std::string folder);

  // Without a file there are none. Errors: kFileUnreadable, of ParseTokens.
  Result<std::vector<AccessToken>> Read() const;

  // As Read(), but reads the file only when it is another one than before.
  Result<std::shared_ptr<const std::vector<AccessToken>>> Current() const;

  // Errors: kNameInvalid; kNameTaken when a token of that name is in force; kFileUnwritable.
  Result<void> Add(const AccessToken& token) const;

  // From now on the token is refused. Errors: kInvalidArgument when none of that name is in force.
  Result<void> Revoke(std::string_view name, const std::string& time) const;

 private:
  // Which file it was: another one has another inode, time or size.
  struct Stamp {
    ino_t inode = 0;
    std::int64_t changed = 0;
    off_t size = -1;

    friend bool operator==(const Stamp&, const Stamp&) = default;
  };

  Stamp StampNow() const;
  Result<void> Write(const std::vector<AccessToken>& tokens) const;

  const std::string folder_;
  const std::string path_;
  mutable std::mutex mutex_;
  mutable Stamp stamp_;  // of current_
  mutable std::shared_ptr<const std::vector<AccessToken>> current_;
};

}  // namespace mig
