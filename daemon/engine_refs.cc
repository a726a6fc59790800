// The engine's part in sharing: what files and targets have to do with refs.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "daemon/engine.h"
#include "store/core/expression.h"

namespace mig {
namespace {

constexpr std::string_view kRefs = "refs/";

Error NotInView(const std::string& ref, const Id& head) {
  return {Reason::kNoSuchRevision,
          fmt::format("ref `{}` is at {}, which is not here", ref, head.short_hex()),
          {{"ref", ref}, {"id", head.hex()}},
          "`mig pull` brings what it has into the work tree"};
}

}  // namespace

Result<std::string> Engine::Spelled(const ViewPtr& view, const std::string& expression,
                                    RefsAt refs) {
  return WithEach(expression, [&](const std::string& one) -> Result<std::string> {
    if (one.size() <= kRefs.size() || !one.starts_with(kRefs)) return one;
    const Ref ref = TRY(refs_.Resolve(view->name.project, one.substr(kRefs.size())));
    if (ref.heads.size() > 1) {
      return Error{Reason::kMultipleHeads,
                   fmt::format("ref `{}` has {} heads", ref.name, ref.heads.size()),
                   {{"expression", one}},
                   fmt::format("`mig heads --ref {}` lists them: name one", ref.name)};
    }
    const Id& head = ref.heads.front();
    if (refs == RefsAt::kView && !view->catalog.graph().FindId(head))
      return NotInView(ref.name, head);
    return head.hex();
  });
}

Result<std::vector<std::string>> Engine::Spelled(const ViewPtr& view,
                                                 const std::vector<std::string>& expressions,
                                                 RefsAt refs) {
  std::vector<std::string> spelled;
  for (const std::string& expression : expressions)
    spelled.push_back(TRY(Spelled(view, expression, refs)));
  return spelled;
}

Result<RunSpec> Engine::Spelled(const ViewPtr& view, RunSpec spec) {
  spec.operation.revisions = TRY(Spelled(view, spec.operation.revisions));
  return spec;
}

Result<PullPlan> Engine::PlanPull(const PullSpec& spec) {
  const ViewPtr tree = TRY(views_.Find(spec.view));
  const ViewPtr ref = TRY(views_.Find({spec.view.project, "", spec.ref}));
  std::unordered_map<Id, std::string> fixed;
  for (const Id& id : spec.shared) fixed[id] = "other refs have it";
  for (const TargetSpec& target : spec.targets) {
    const Marked marked = TRY(MarkedBy(tree, target));
    for (const Position p : ToPositions(marked.applied)) {
      fixed[marked.catalog.graph().id(p)] = fmt::format("target {} has it applied", target.name);
    }
  }
  const auto why_fixed = [&fixed](const Id& id) {
    const auto found = fixed.find(id);
    return found == fixed.end() ? std::string() : found->second;
  };
  return mig::PlanPull(tree->catalog, ref->catalog, spec.ref, spec.rebase, why_fixed);
}

}  // namespace mig
