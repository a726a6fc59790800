#include "cli/expressions.h"

#include "store/core/expression.h"

namespace mig {
namespace {

using Words = google::protobuf::RepeatedPtrField<std::string>;

void AddAll(Words* field, std::vector<std::string*>& to) {
  for (std::string& word : *field) to.push_back(&word);
}

std::vector<std::string*> ExpressionsOf(v1::Operation& operation) {
  std::vector<std::string*> found;
  if (operation.has_upgrade()) found = {operation.mutable_upgrade()->mutable_revision()};
  if (operation.has_downgrade()) found = {operation.mutable_downgrade()->mutable_revision()};
  if (operation.has_stamp()) AddAll(operation.mutable_stamp()->mutable_revisions(), found);
  return found;
}

}  // namespace

std::vector<std::string*> ExpressionsIn(v1::ListHistoryRequest& request) {
  return {request.mutable_range()};
}

std::vector<std::string*> ExpressionsIn(v1::ShowRevisionsRequest& request) {
  return {request.mutable_revision()};
}

std::vector<std::string*> ExpressionsIn(v1::DraftRevisionRequest& request) {
  std::vector<std::string*> found;
  AddAll(request.mutable_heads(), found);
  AddAll(request.mutable_depends(), found);
  return found;
}

std::vector<std::string*> ExpressionsIn(v1::GetObjectRequest& request) {
  return {request.mutable_object()};
}

std::vector<std::string*> ExpressionsIn(v1::FindMergeBasesRequest& request) {
  std::vector<std::string*> found;
  for (auto& question : *request.mutable_questions()) AddAll(question.mutable_revisions(), found);
  return found;
}

std::vector<std::string*> ExpressionsIn(v1::ListRevisionsRequest& request) {
  std::vector<std::string*> found;
  AddAll(request.mutable_revisions(), found);
  return found;
}

std::vector<std::string*> ExpressionsIn(v1::CompareHistoriesRequest& request) {
  return {request.mutable_from()->mutable_revision(), request.mutable_to()->mutable_revision()};
}

std::vector<std::string*> ExpressionsIn(v1::PlanRunRequest& request) {
  return ExpressionsOf(*request.mutable_operation());
}

std::vector<std::string*> ExpressionsIn(v1::RenderScriptRequest& request) {
  return ExpressionsOf(*request.mutable_operation());
}

std::vector<std::string*> ExpressionsIn(v1::StartRunRequest& request) {
  return ExpressionsOf(*request.mutable_operation());
}

void AddTargets(v1::FindMergeBasesRequest& request, const std::vector<v1::Target>& targets) {
  request.mutable_targets()->Add(targets.begin(), targets.end());
}

void AddTargets(v1::ListRevisionsRequest& request, const std::vector<v1::Target>& targets) {
  request.mutable_targets()->Add(targets.begin(), targets.end());
}

void AddTargets(v1::CompareHistoriesRequest& request, const std::vector<v1::Target>& targets) {
  request.mutable_targets()->Add(targets.begin(), targets.end());
}

Result<std::string> WithoutTargets(
    const std::string& expression,
    const std::function<Result<std::string>(const std::string& target)>& current_of) {
  return WithEach(expression, [&](const std::string& one) -> Result<std::string> {
    if (one.size() > 1 && one[0] == '@') return current_of(one.substr(1));
    return one;
  });
}

}  // namespace mig
