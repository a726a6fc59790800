// Lets a call in, or says why not: who calls, and whether it may do what it asks for.
//
// On a Unix socket the system says which user is connected. Over TLS a call needs `authorization:
// Bearer TOKEN`, or a client certificate. Asked before a call's work starts, so that nothing is
// read for strangers.
//
// Thread-safe.
#pragma once

#include <grpcpp/server_context.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/config.h"
#include "daemon/identity.h"
#include "daemon/rpc/unix_users.h"
#include "daemon/tokens.h"
#include "store/core/result.h"

namespace mig {

// What a call is about, as far as permission depends on it.
struct CallSubject {
  std::vector<std::string> projects = {};  // all that it names
  std::vector<std::string> targets = {};   // their names
};

// A target's name, and those of the targets that its policy looks at.
template <typename Target>
void AddTarget(const Target& target, std::vector<std::string>& names) {
  names.push_back(target.name());
  if (target.policy().has_applied_before()) AddTarget(target.policy().applied_before(), names);
}

// That of a request: by its fields `view`, `project`, `target` and `targets`.
template <typename Request>
CallSubject SubjectOf(const Request& request) {
  CallSubject subject;
  if constexpr (requires { request.view().project(); }) {
    if (request.has_view()) subject.projects.push_back(request.view().project());
  }
  if constexpr (requires { request.has_project() && request.project().empty(); }) {
    if (request.has_project()) subject.projects.push_back(request.project());
  } else if constexpr (requires { std::string(request.project()); }) {
    subject.projects.push_back(request.project());
  }
  if constexpr (requires { request.target().name(); }) {
    if (request.has_target()) AddTarget(request.target(), subject.targets);
  }
  if constexpr (requires { request.targets().begin()->name(); }) {
    for (const auto& target : request.targets()) AddTarget(target, subject.targets);
  }
  return subject;
}

class Callers {
 public:
  // Tokens are those of the configuration, and of the file beside the store.
  explicit Callers(const DaemonConfig& config)
      : configured_(config.tokens), file_(config.store), targets_(config.targets) {}

  UnixUsers& users() { return users_; }

  // Who calls. Errors: kUnauthenticated.
  Result<Identity> Identify(const grpc::ServerContextBase& context) const;

  // The same, when it may do that. Errors: kUnauthenticated, kPermissionDenied.
  Result<Identity> Admit(const grpc::ServerContextBase& context, Access access,
                         const CallSubject& subject) const;

  // Who the value of an `authorization` header proves to call. Takes the same time wherever a
  // wrong token differs. Errors: kUnauthenticated.
  Result<Identity> OfToken(std::string_view authorization) const;

 private:
  Result<void> CheckTarget(const Identity& caller, const std::string& target,
                           const std::vector<std::string>& projects) const;

  const std::vector<AccessToken> configured_;
  const TokenFile file_;
  const std::map<std::string, ServedTarget> targets_;
  UnixUsers users_;
};

}  // namespace mig
