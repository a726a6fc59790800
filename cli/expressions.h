// `@TARGET` in revision expressions. A target's address is known here, so it is asked here where
// the target is, and the daemon is told the revision instead.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "mig/v1/graph.pb.h"
#include "mig/v1/history.pb.h"
#include "mig/v1/run.pb.h"
#include "store/core/result.h"

namespace mig {

// The fields of a request that hold revision expressions; none of most requests.
template <typename Request>
std::vector<std::string*> ExpressionsIn(Request&) {
  return {};
}
std::vector<std::string*> ExpressionsIn(v1::ListHistoryRequest& request);
std::vector<std::string*> ExpressionsIn(v1::ShowRevisionsRequest& request);
std::vector<std::string*> ExpressionsIn(v1::DraftRevisionRequest& request);
std::vector<std::string*> ExpressionsIn(v1::GetObjectRequest& request);
std::vector<std::string*> ExpressionsIn(v1::FindMergeBasesRequest& request);
std::vector<std::string*> ExpressionsIn(v1::ListRevisionsRequest& request);
std::vector<std::string*> ExpressionsIn(v1::CompareHistoriesRequest& request);
std::vector<std::string*> ExpressionsIn(v1::PlanRunRequest& request);
std::vector<std::string*> ExpressionsIn(v1::RenderScriptRequest& request);
std::vector<std::string*> ExpressionsIn(v1::StartRunRequest& request);

// Tells the daemon which targets' revisions the request is about, where it can be about some that
// no file has.
template <typename Request>
void AddTargets(Request&, const std::vector<v1::Target>&) {}
void AddTargets(v1::FindMergeBasesRequest& request, const std::vector<v1::Target>& targets);
void AddTargets(v1::ListRevisionsRequest& request, const std::vector<v1::Target>& targets);
void AddTargets(v1::CompareHistoriesRequest& request, const std::vector<v1::Target>& targets);

// The expression, or each revision of a range or set, with `@TARGET` replaced by what `current_of`
// says of the target: the id of its current revision, or "base". Errors: those of `current_of`.
Result<std::string> WithoutTargets(
    const std::string& expression,
    const std::function<Result<std::string>(const std::string& target)>& current_of);

}  // namespace mig
