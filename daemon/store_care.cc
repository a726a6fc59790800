#include "daemon/store_care.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/core/duration.h"

namespace mig {

// A page of the tables that cannot be read is found by its checksum, before anything is looked up.
Result<CheckCounts> StoreCare::Check(
    bool repair, const std::function<void(const Finding&, bool repaired)>& found,
    const std::function<bool(const CheckCounts&)>& progress) {
  const auto tables = kv_.VerifyChecksums();
  if (!tables && tables.error().reason != Reason::kCorruption) return tables.error();
  if (!tables) {
    found({"", tables.error().message, "restore a backup (`migd restore-store`)"}, false);
  }
  std::vector<Finding> repairable;
  const CheckObserver observer = {[&](const Finding& finding) {
                                    if (repair && !finding.repair.writes.empty()) {
                                      repairable.push_back(finding);
                                    } else {
                                      found(finding, false);
                                    }
                                  },
                                  progress};
  const CheckCounts counts = TRY(CheckStore(kv_, observer));
  for (const Finding& finding : repairable) found(finding, TRY(Repair(kv_, finding)));
  return counts;
}

Result<GcCounts> StoreCare::Collect(bool prune, std::chrono::seconds grace,
                                    const GcObserver& observer) {
  constexpr auto kLongestGrace = std::chrono::floor<std::chrono::seconds>(kLongestDuration);
  if (grace.count() < 0 || grace > kLongestGrace) {
    return Error{Reason::kInvalidArgument, fmt::format("the grace is from 0 to {} seconds, not {}",
                                                       kLongestGrace.count(), grace.count())};
  }
  GcRequest request;
  request.now = FormatMilliseconds(world_.now());
  request.keep_since = FormatMilliseconds(world_.now() - grace);
  if (const std::string run = oldest_run_(); !run.empty())
    request.keep_since = std::min(request.keep_since, run);
  request.prune = prune;
  request.word = [this] { return world_.random_hex(32); };
  return CollectGarbage(kv_, request, observer);
}

Result<CopiedStore> StoreCare::BackUp(const std::string& folder, const CopyProgress& progress) {
  if (!folder.starts_with('/'))
    return Error{Reason::kInvalidArgument, "`" + folder + "` is no absolute path"};
  return BackUpStore(kv_, folder_, folder, progress);
}

}  // namespace mig
