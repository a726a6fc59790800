#include "daemon/rpc/unix_users.h"

#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <string_view>

namespace mig {
namespace {

constexpr std::string_view kPeer = "fd:";

std::string NameOf(uid_t uid) {
  std::array<char, 4096> text = {};
  passwd entry = {};
  passwd* found = nullptr;
  const int failed = ::getpwuid_r(uid, &entry, text.data(), text.size(), &found);
  return failed == 0 && found != nullptr ? found->pw_name : "uid " + std::to_string(uid);
}

}  // namespace

int UnixUsers::Claim(int descriptor, uid_t uid) {
  const std::lock_guard lock(mutex_);
  if (!names_.contains(uid)) names_[uid] = NameOf(uid);
  while (descriptor >= 0) {
    const auto owner = uid_of_number_.find(descriptor);
    if (owner == uid_of_number_.end() || owner->second == uid) break;
    const int moved = ::fcntl(descriptor, F_DUPFD_CLOEXEC, descriptor + 1);
    ::close(descriptor);
    descriptor = moved;
  }
  if (descriptor >= 0) uid_of_number_[descriptor] = uid;
  return descriptor;
}

std::optional<UnixUser> UnixUsers::UserOf(const std::string& peer) const {
  if (!peer.starts_with(kPeer)) return std::nullopt;
  int number = -1;
  std::from_chars(peer.data() + kPeer.size(), peer.data() + peer.size(), number);
  const std::lock_guard lock(mutex_);
  const auto owner = uid_of_number_.find(number);
  if (owner == uid_of_number_.end()) return std::nullopt;
  return UnixUser{owner->second, names_.at(owner->second)};
}

}  // namespace mig
