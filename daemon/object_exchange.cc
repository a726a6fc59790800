#include "daemon/object_exchange.h"

#include <fmt/format.h>

#include "daemon/limits.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

// Words that are remembered: more than any chain of revisions refers back to at a time.
constexpr std::size_t kMostWords = 100'000;

RevisionWords WordsOf(const RevisionFile& file) {
  return {file.name, file.header.labels, file.header.aliases};
}

}  // namespace

std::vector<Id> ObjectsOf(const View& view, const std::vector<Id>& haves) {
  const Graph& graph = view.catalog.graph();
  Positions known;
  for (const Id& id : haves) {
    if (const auto position = graph.FindId(id)) known.push_back(*position);
  }
  const Marks had = AncestorsOf(graph, known, Follow::kAll);
  std::vector<Id> ids;
  for (Position p = 0; p < graph.size(); ++p) {
    if (graph.Has(p) && !had[p]) ids.push_back(graph.id(p));
  }
  return ids;
}

std::vector<Id> MaximalObjectsOf(const View& view) {
  const Graph& graph = view.catalog.graph();
  return graph.ids(HeadsOf(graph, Follow::kAll));
}

Result<void> ObjectReceiver::Add(const Id& id, std::string_view canonical_text) {
  if (Id(Sha256(canonical_text)) != id) {
    return Error{Reason::kHashMismatch,
                 fmt::format("what was sent as object {} has another hash", id.hex()),
                 {{"id", id.hex()}}};
  }
  auto decoded = DecodeRevision(canonical_text);
  if (!decoded) {
    return Error{Reason::kFileInvalid,
                 fmt::format("object {} is no canonical text of a revision: {}", id.hex(),
                             decoded.error().message),
                 {{"id", id.hex()}}};
  }
  TRY(LookUpLinks(*decoded));
  const auto words_of = [this](const Id& link) -> std::optional<RevisionWords> {
    const auto found = words_.find(link);
    if (found == words_.end()) return std::nullopt;
    return found->second;
  };
  LinkedRevision linked = TRY(CheckIncoming(id, *std::move(decoded), words_of));
  words_[id] = WordsOf(linked.file);
  waiting_bytes_ += canonical_text.size();
  waiting_.push_back({id, std::move(linked.revision)});
  ++received_;
  return waiting_bytes_ < kMaxReceivedBytes ? Result<void>() : Finish();
}

Result<void> ObjectReceiver::LookUpLinks(const Revision& revision) {
  std::vector<Id> unknown;
  for (const Id& id : LinksOf(revision)) {
    if (!words_.contains(id)) unknown.push_back(id);
  }
  if (unknown.empty()) return {};
  if (words_.size() > kMostWords) {
    TRY(Finish());
    words_.clear();
    return LookUpLinks(revision);
  }
  const auto stored = TRY(objects_.GetMany(project_, unknown));
  for (std::size_t i = 0; i < unknown.size(); ++i) {
    if (!stored[i]) continue;
    const RevisionFile file = TRY(FileOf(*stored[i]));
    words_[unknown[i]] = WordsOf(file);
  }
  return {};
}

Result<void> ObjectReceiver::Finish() {
  const std::vector<NamedObject> batch = std::exchange(waiting_, {});
  waiting_bytes_ = 0;
  return objects_.Put(project_, batch, Durability::kBuffered);
}

}  // namespace mig
