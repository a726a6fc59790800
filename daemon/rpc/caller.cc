#include "daemon/rpc/caller.h"

#include <pwd.h>
#include <sys/socket.h>

#include <charconv>
#include <vector>

namespace mig {
namespace {

std::string UserName(uid_t uid) {
  passwd entry = {};
  passwd* found = nullptr;
  std::vector<char> buffer(16 << 10);
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr)
    return entry.pw_name;
  return std::to_string(uid);
}

// A connection that the Unix listener handed over is called by its descriptor, "fd:12".
std::string UserOfPeer(const std::string& peer) {
  constexpr std::string_view kDescriptor = "fd:";
  if (!peer.starts_with(kDescriptor)) return "";
  int descriptor = -1;
  const char* begin = peer.data() + kDescriptor.size();
  const auto parsed = std::from_chars(begin, peer.data() + peer.size(), descriptor);
  ucred user = {};
  socklen_t size = sizeof user;
  if (parsed.ec != std::errc() ||
      ::getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &user, &size) != 0)
    return "";
  return "user " + UserName(user.uid);
}

}  // namespace

std::string CallerOf(const grpc::ServerContextBase& context) {
  const auto proof = context.auth_context();
  if (proof != nullptr) {
    const auto token = proof->FindPropertyValues(kTokenProperty);
    if (!token.empty()) return "token " + std::string(token[0].data(), token[0].size());
    const auto names = proof->GetPeerIdentity();
    if (!names.empty()) return "certificate " + std::string(names[0].data(), names[0].size());
  }
  const std::string user = UserOfPeer(context.peer());
  return user.empty() ? "unknown" : user;
}

}  // namespace mig
