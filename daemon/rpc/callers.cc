#include "daemon/rpc/callers.h"

#include <fmt/format.h>
#include <unistd.h>

#include "daemon/log.h"

namespace mig {
namespace {

constexpr char kHowToLogIn[] =
    "`mig login ADDRESS` keeps a token; who runs the daemon makes one with `migd token add NAME`";
constexpr char kHeader[] = "authorization";
constexpr std::string_view kScheme = "Bearer ";

Error Stranger(std::string why) {
  return {Reason::kUnauthenticated, std::move(why), {}, kHowToLogIn};
}

std::string Text(const grpc::string_ref& text) { return {text.data(), text.size()}; }

Identity OfUser(const UnixUser& user) {
  const bool is_owner = user.uid == ::geteuid() || user.uid == 0;
  return {is_owner ? Identity::Proof::kOwner : Identity::Proof::kUser, user.name};
}

// The name in the peer's certificate. REQUIRES: it was verified.
Identity OfCertificate(const grpc::AuthContext& context) {
  const auto names = context.GetPeerIdentity();
  return {Identity::Proof::kCertificate, names.empty() ? "without a name" : Text(names.front())};
}

}  // namespace

Result<Identity> Callers::OfToken(std::string_view authorization) const {
  if (!authorization.starts_with(kScheme)) {
    return Stranger("the call's authorization is no bearer token");
  }
  const std::string_view secret = authorization.substr(kScheme.size());
  const auto current = file_.Current();
  if (!current) {
    Log(LogLevel::kError, "cannot read the tokens", FieldsOf(current.error()));
    return Error{Reason::kUnauthenticated, "the daemon cannot read its tokens"};
  }
  const AccessToken* found = FindSecret(configured_, secret);
  if (found == nullptr) found = FindSecret(**current, secret);
  if (found == nullptr) {
    return Stranger("the token is not one that this daemon knows");
  }
  if (!found->revoked.empty()) {
    return Stranger(fmt::format("token `{}` was revoked at {}", found->name, found->revoked));
  }
  return Identity{Identity::Proof::kToken, found->name, found->projects, found->read_only};
}

Result<Identity> Callers::Identify(const grpc::ServerContextBase& context) const {
  if (const auto user = users_.UserOf(context.peer())) return OfUser(*user);
  const auto header = context.client_metadata().find(kHeader);
  if (header != context.client_metadata().end()) return OfToken(Text(header->second));
  const auto peer = context.auth_context();
  if (peer != nullptr && peer->IsPeerAuthenticated()) return OfCertificate(*peer);
  return Stranger("the call carries no token");
}

Result<void> Callers::CheckTarget(const Identity& caller, const std::string& target,
                                  const std::vector<std::string>& projects) const {
  const auto served = targets_.find(target);
  if (served == targets_.end() || served->second.project.empty()) return {};
  const std::string& own = served->second.project;
  TRY(CheckAccess(caller, Access::kRead, own));
  for (const std::string& project : projects) {
    if (project == own) continue;
    return Error{
        Reason::kPermissionDenied,
        fmt::format("target `{}` is of project `{}`, and not of `{}`", target, own, project)};
  }
  return {};
}

Result<Identity> Callers::Admit(const grpc::ServerContextBase& context, Access access,
                                const CallSubject& subject) const {
  const auto admitted = [&]() -> Result<Identity> {
    Identity caller = TRY(Identify(context));
    TRY(CheckAccess(caller, access, std::nullopt));
    for (const std::string& project : subject.projects) TRY(CheckAccess(caller, access, project));
    for (const std::string& target : subject.targets)
      TRY(CheckTarget(caller, target, subject.projects));
    return caller;
  }();
  if (!admitted) {
    std::vector<LogField> fields = FieldsOf(admitted.error());
    fields.push_back({"peer", context.peer()});
    Log(LogLevel::kWarning, "refused a call", fields);
  }
  return admitted;
}

}  // namespace mig
