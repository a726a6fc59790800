#include "cli/expressions.h"

#include <algorithm>

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

std::vector<std::string*> ExpressionsIn(v1::PlanRunRequest& request) {
  return ExpressionsOf(*request.mutable_operation());
}

std::vector<std::string*> ExpressionsIn(v1::RenderScriptRequest& request) {
  return ExpressionsOf(*request.mutable_operation());
}

std::vector<std::string*> ExpressionsIn(v1::StartRunRequest& request) {
  return ExpressionsOf(*request.mutable_operation());
}

Result<std::string> WithoutTargets(
    const std::string& expression,
    const std::function<Result<std::string>(const std::string& target)>& current_of) {
  std::string spelled;
  for (std::size_t begin = 0; begin <= expression.size();) {
    const std::size_t end = std::min(expression.find(':', begin), expression.size());
    std::string side = expression.substr(begin, end - begin);
    if (side.size() > 1 && side[0] == '@') side = TRY(current_of(side.substr(1)));
    spelled += (begin == 0 ? "" : ":") + side;
    begin = end + 1;
  }
  return spelled;
}

}  // namespace mig
