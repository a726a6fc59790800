#include "daemon/identity.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/excerpt.h"
#include "daemon/limits.h"
#include "store/core/source_text.h"

namespace mig {
namespace {

std::string_view WordFor(Identity::Proof proof) {
  switch (proof) {
    case Identity::Proof::kOwner:
    case Identity::Proof::kUser:
      return "user";
    case Identity::Proof::kToken:
      return "token";
    case Identity::Proof::kCertificate:
      return "certificate";
  }
  return "";
}

Error Denied(std::string message, std::string hint) {
  return {Reason::kPermissionDenied, std::move(message), {}, std::move(hint)};
}

}  // namespace

std::string Describe(const Identity& caller) {
  return fmt::format("{} {}", WordFor(caller.proof), caller.name);
}

std::string LineForLog(std::string_view text) {
  std::string line = Excerpt(std::string(text), kMaxCallerBytes);
  const bool readable = !FindInvalidUtf8(line);
  std::ranges::replace_if(
      line,
      [readable](unsigned char byte) {
        return byte < ' ' || byte == 0x7f || (byte >= 0x80 && !readable);
      },
      '?');
  return line;
}

std::string ActorOf(const Identity& caller, std::string_view claimed) {
  if (claimed.empty()) return LineForLog(Describe(caller));
  if (caller.proof == Identity::Proof::kOwner) return LineForLog(claimed);
  return fmt::format("{} ({})", LineForLog(claimed), LineForLog(Describe(caller)));
}

Result<void> CheckAccess(const Identity& caller, Access access,
                         const std::optional<std::string>& project) {
  const bool is_local =
      caller.proof == Identity::Proof::kOwner || caller.proof == Identity::Proof::kUser;
  if (access == Access::kAdminister && !is_local) {
    return Denied(fmt::format("{} may not administer the daemon", Describe(caller)),
                  "on the daemon's machine, call it through its Unix socket");
  }
  if (access != Access::kRead && caller.read_only) {
    return Denied(fmt::format("{} may read, and nothing else", Describe(caller)),
                  "ask who runs the daemon for a token that is not read-only");
  }
  if (!project || caller.projects.empty()) return {};
  if (std::ranges::find(caller.projects, *project) != caller.projects.end()) return {};
  return Denied(fmt::format("{} is not for project `{}`", Describe(caller), *project),
                "ask who runs the daemon for a token of that project");
}

}  // namespace mig
