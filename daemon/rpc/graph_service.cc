#include "daemon/rpc/graph_service.h"

#include <fmt/format.h>

#include <algorithm>

#include "daemon/rpc/messages.h"

namespace mig {
namespace {

// Ids are 32 bytes, and brief revisions a few hundred; texts are read one by one.
constexpr int kIdsOnAPage = 20'000;
constexpr int kRevisionsOnAPage = 1'000;
constexpr std::size_t kTextBytesOnAPage = std::size_t{1} << 20;

Engine::Bases KindOf(v1::FindMergeBasesRequest::Kind kind) {
  if (kind == v1::FindMergeBasesRequest::KIND_OCTOPUS) return Engine::Bases::kOfAll;
  if (kind == v1::FindMergeBasesRequest::KIND_IS_ANCESTOR) return Engine::Bases::kIsAncestor;
  return Engine::Bases::kOfFirstAndOthers;
}

Follow FollowOf(bool dependencies) { return dependencies ? Follow::kAll : Follow::kParents; }

Result<ListingQuery> QueryOf(const v1::ListRevisionsRequest& request) {
  ListingQuery query;
  query.follow = FollowOf(request.dependencies());
  query.grep = request.grep();
  query.names.assign(request.names().begin(), request.names().end());
  if (!request.page_token().empty())
    query.below = static_cast<Position>(TRY(PageOffsetOf(request.page_token())));
  const bool ids = request.detail() == v1::ListRevisionsRequest::DETAIL_UNSPECIFIED;
  const int most = ids ? kIdsOnAPage : kRevisionsOnAPage;
  query.most = static_cast<std::size_t>(
      request.page_size() > 0 ? std::min(request.page_size(), most) : most);
  return query;
}

void AddShownParents(const Graph& graph, const ListedPage& page, Position p,
                     v1::ListRevisionsResponse::Listed* listed) {
  for (const Position parent : graph.parents(p)) {
    if (page.members.empty() || page.members[parent]) listed->add_shown_parents(graph.name(parent));
  }
}

Result<v1::ListRevisionsResponse> AnswerOf(const Engine::RevisionsFound& found,
                                           const v1::ListRevisionsRequest& request) {
  const Graph& graph = found.marked.catalog.graph();
  const bool filtered = !request.grep().empty() || request.names_size() > 0;
  v1::ListRevisionsResponse answer;
  if (request.detail() == v1::ListRevisionsRequest::DETAIL_COUNT) {
    answer.set_count(found.count);
    return answer;
  }
  for (const Position p : found.page.revisions) {
    if (request.detail() == v1::ListRevisionsRequest::DETAIL_UNSPECIFIED) {
      const Id id = graph.id(p);
      answer.mutable_ids()->append(id.bytes().begin(), id.bytes().end());
      continue;
    }
    auto* listed = answer.add_revisions();
    ToBriefMessage(found.marked, p, listed->mutable_revision());
    if (request.detail() == v1::ListRevisionsRequest::DETAIL_FULL)
      TRY(AddText(found.marked, p, listed->mutable_revision()));
    if (!filtered) AddShownParents(graph, found.page, p, listed);
  }
  if (!found.page.last) answer.set_next_page_token(std::to_string(found.page.revisions.back()));
  return answer;
}

Engine::Side SideOf(const v1::View& view, const v1::CompareHistoriesRequest::Side& side) {
  if (side.ref().empty()) return {FromMessage(view), side.revision()};
  return {{view.project(), "", side.ref()}, side.revision()};
}

v1::CompareHistoriesResponse::Change ChangeOf(const Engine::Difference& difference) {
  if (difference.from == nullptr) return v1::CompareHistoriesResponse::CHANGE_ADDED;
  if (difference.to == nullptr) return v1::CompareHistoriesResponse::CHANGE_REMOVED;
  return difference.from->revision.body == difference.to->revision.body
             ? v1::CompareHistoriesResponse::CHANGE_MOVED
             : v1::CompareHistoriesResponse::CHANGE_EDITED;
}

}  // namespace

grpc::ServerUnaryReactor* GraphService::FindMergeBases(Context* context,
                                                       const v1::FindMergeBasesRequest* request,
                                                       v1::FindMergeBasesResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::FindMergeBasesResponse> {
    std::vector<std::vector<std::string>> questions;
    for (const auto& question : request->questions())
      questions.emplace_back(question.revisions().begin(), question.revisions().end());
    const auto found = TRY(
        engine_.FindMergeBases(FromMessage(request->view()), KindOf(request->kind()),
                               FollowOf(request->dependencies()), questions, TargetsOf(*request)));
    v1::FindMergeBasesResponse answer;
    for (const Engine::BasesFound& one : found) {
      auto* message = answer.add_answers();
      message->set_is_ancestor(one.is_ancestor);
      for (const NamedId& base : one.bases) {
        auto* added = message->add_bases();
        added->set_id(base.id.hex());
        added->set_name(base.name);
      }
    }
    return answer;
  });
}

grpc::ServerUnaryReactor* GraphService::ListRevisions(Context* context,
                                                      const v1::ListRevisionsRequest* request,
                                                      v1::ListRevisionsResponse* response) {
  return calls_.Read(context, request, response, [=, this]() -> Result<v1::ListRevisionsResponse> {
    const std::vector<std::string> words(request->revisions().begin(), request->revisions().end());
    const ListingQuery query = TRY(QueryOf(*request));
    const auto found =
        TRY(engine_.ListRevisions(FromMessage(request->view()), words, query,
                                  request->detail() == v1::ListRevisionsRequest::DETAIL_COUNT,
                                  TargetOf(*request), TargetsOf(*request)));
    return AnswerOf(found, *request);
  });
}

grpc::ServerUnaryReactor* GraphService::CompareHistories(Context* context,
                                                         const v1::CompareHistoriesRequest* request,
                                                         v1::CompareHistoriesResponse* response) {
  return calls_.Read(
      context, request, response, [=, this]() -> Result<v1::CompareHistoriesResponse> {
        const auto differences =
            TRY(engine_.Compare(SideOf(request->view(), request->from()),
                                SideOf(request->view(), request->to()), TargetsOf(*request)));
        v1::CompareHistoriesResponse answer;
        std::size_t bytes = 0;
        for (std::size_t i = TRY(PageOffsetOf(request->page_token())); i < differences.size();
             ++i) {
          const Engine::Difference& difference = differences[i];
          if (bytes > kTextBytesOnAPage || answer.entries_size() == kRevisionsOnAPage) {
            answer.set_next_page_token(std::to_string(i));
            break;
          }
          auto* entry = answer.add_entries();
          entry->set_change(ChangeOf(difference));
          entry->set_name(difference.name);
          if (difference.from) entry->set_from_id(difference.from->id.hex());
          if (difference.to) entry->set_to_id(difference.to->id.hex());
          if (!request->texts()) continue;
          if (difference.from) entry->set_from_text(difference.from->revision.body);
          if (difference.to) entry->set_to_text(difference.to->revision.body);
          bytes += entry->from_text().size() + entry->to_text().size();
        }
        return answer;
      });
}

}  // namespace mig
