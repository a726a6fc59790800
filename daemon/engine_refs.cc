// The engine's part in sharing: what files and targets have to do with refs.
#include <fmt/format.h>

#include <unordered_map>

#include "daemon/engine.h"

namespace mig {

Result<PullPlan> Engine::PlanPull(const PullSpec& spec) {
  const ViewPtr tree = TRY(views_.Find(spec.view));
  const ViewPtr ref = TRY(views_.Find({spec.view.project, "", spec.ref}));
  std::unordered_map<Id, std::string> fixed;
  for (const Id& id : spec.shared) fixed[id] = "other refs have it";
  for (const TargetSpec& target : spec.targets) {
    const Marked marked = TRY(MarkedBy(tree, target));
    for (const Position p : ToPositions(marked.applied)) {
      fixed[marked.catalog.graph().id(p)] =
          fmt::format("target {} has it applied", target.name);
    }
  }
  const auto why_fixed = [&fixed](const Id& id) {
    const auto found = fixed.find(id);
    return found == fixed.end() ? std::string() : found->second;
  };
  return mig::PlanPull(tree->catalog, ref->catalog, spec.ref, spec.rebase, why_fixed);
}

}  // namespace mig
