#include "daemon/plan/consent.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "store/core/nearest.h"

namespace mig {

std::string SentenceOf(const Loss& loss) {
  std::string text = loss.what.kind;
  if (!loss.what.object.empty()) text += " " + loss.what.object;
  if (!loss.rows.empty()) text += " (" + loss.rows + ")";
  return text + ", in " + loss.revision;
}

Result<void> CheckKinds(const std::vector<std::string>& allow) {
  std::vector<std::string_view> kinds;
  for (const DestructionKind& known : AllDestructions()) kinds.push_back(known.kind);
  for (const std::string& kind : allow) {
    if (std::ranges::find(kinds, kind) != kinds.end()) continue;
    Error error{Reason::kInvalidArgument, fmt::format("there is no `{}` to allow", kind)};
    error.hint = DidYouMean(kind, kinds);
    if (error.hint.empty()) error.hint = fmt::format("there are {}", fmt::join(kinds, ", "));
    return error;
  }
  return {};
}

Result<void> CheckConsent(const std::string& target, const std::vector<Loss>& losses,
                          const std::vector<std::string>& allow) {
  std::set<std::string> missing;
  std::vector<std::string> lines;
  for (const Loss& loss : losses) {
    if (std::ranges::find(allow, loss.what.kind) != allow.end()) continue;
    missing.insert(loss.what.kind);
    lines.push_back(SentenceOf(loss));
  }
  if (missing.empty()) return {};
  const std::string kinds = fmt::format("{}", fmt::join(missing, ","));
  Error error{Reason::kConsentMissing,
              fmt::format("target {} is protected, and this would destroy what is in it", target)};
  error.details["allow"] = kinds;
  error.details["losses"] = fmt::format("{}", fmt::join(lines, "\n"));
  // The whole flag: what was consented to is needed the next time, too.
  missing.insert(allow.begin(), allow.end());
  error.hint = fmt::format("if that is meant: --allow {}", fmt::join(missing, ","));
  return error;
}

}  // namespace mig
