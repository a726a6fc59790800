#include "daemon/project_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_set>
#include <utility>

#include "store/core/limits.h"
#include "store/core/names.h"
#include "store/keys.h"

namespace mig {
namespace {

constexpr std::string_view kFirstLine = "mig-export 1\n";
// Well below a message's limit.
constexpr std::size_t kPieceBytes = std::size_t{256} << 10;
// The largest field is an object: a revision file, and what stands above it.
constexpr std::size_t kMaxFieldBytes = kMaxFileBytes + kMaxValueBytes;
// A field's name, its size and two blanks.
constexpr std::size_t kMaxFieldHead = 40;

Error Invalid(std::string what) {
  return {Reason::kFileInvalid, "this is no file of `mig export`: " + std::move(what)};
}

// Hands out fields in pieces.
class Writer {
 public:
  explicit Writer(const std::function<bool(std::string)>& write) : write_(write) {}

  Result<void> Text(std::string_view text) {
    hash_.Add(text);
    buffer_ += text;
    return buffer_.size() < kPieceBytes ? Result<void>() : Flush();
  }
  Result<void> Field(std::string_view name, std::string_view value) {
    return Text(fmt::format("{} {} {}\n", name, value.size(), value));
  }
  Result<void> End() {
    const std::string hash = Hex(hash_.Finish());
    buffer_ += fmt::format("hash {} {}\n", hash.size(), hash);
    return Flush();
  }

 private:
  Result<void> Flush() {
    for (std::size_t at = 0; at < buffer_.size(); at += kPieceBytes) {
      if (!write_(buffer_.substr(at, kPieceBytes)))
        return Error{Reason::kCancelled, "nobody takes the file any more"};
    }
    buffer_.clear();
    return {};
  }

  const std::function<bool(std::string)>& write_;
  Sha256Stream hash_;
  std::string buffer_;
};

// Writes revisions, each after what it follows.
class Revisions {
 public:
  Revisions(Kv& kv, Writer& writer) : objects_(kv), writer_(writer) {}

  Result<void> Write(const Id& root) {
    std::vector<std::pair<Id, bool>> stack = {{root, false}};  // whether what is below was written
    while (!stack.empty()) {
      const auto [id, below_done] = stack.back();
      if (below_done || !seen_.insert(id).second) {
        stack.pop_back();
        if (!below_done) continue;
        const Revision revision = TRY(Get(id));
        TRY(writer_.Field("object", CanonicalText(revision)));
        continue;
      }
      stack.back().second = true;
      const Revision revision = TRY(Get(id));
      for (const Id& link : LinksOf(revision)) {
        if (!seen_.contains(link)) stack.emplace_back(link, false);
      }
    }
    return {};
  }

 private:
  Result<Revision> Get(const Id& id) {
    auto revision = objects_.Get(id);
    if (revision || revision.error().reason != Reason::kNoSuchObject) return revision;
    return Error{Reason::kCorruption,
                 fmt::format("revision {} is needed, and is not stored", id.hex()),
                 {{"id", id.hex()}},
                 "`mig fsck` says what else is wrong"};
  }

  Objects objects_;
  Writer& writer_;
  std::unordered_set<Id> seen_;
};

// Of every ref that the project has or had.
Result<std::vector<RefLog>> LogsOf(Kv& kv, const std::string& project) {
  std::vector<RefLog> logs;
  const std::string prefix = keys::RefPrefix(project);
  const auto entries = TRY(ScanAll(kv, prefix, EndOfPrefix(prefix), /*keys_only=*/true));
  for (const KeyValue& entry : entries) {
    RefLog log;
    log.name = entry.key.substr(prefix.size());
    if (log.name.starts_with(kTrackedRefs)) continue;
    log.moves = TRY(Refs(kv).Log(project, log.name, 0, SIZE_MAX));
    logs.push_back(std::move(log));
  }
  return logs;
}

// All that the project calls by a name, and all that its refs are or were at.
Result<std::vector<Id>> IdsOf(Kv& kv, const std::string& project, const std::vector<RefLog>& logs) {
  std::vector<Id> ids;
  const std::string prefix = fmt::format("{}{}/", keys::kNamedPrefix, project);
  const auto entries = TRY(ScanAll(kv, prefix, EndOfPrefix(prefix), /*keys_only=*/true));
  for (const KeyValue& entry : entries) {
    if (const auto id = keys::IdAtEnd(entry.key)) ids.push_back(*id);
  }
  for (const RefLog& log : logs) {
    for (const RefMove& move : log.moves) ids.insert(ids.end(), move.to.begin(), move.to.end());
  }
  return ids;
}

// The name and the size that `buffer` starts with, and how long they are; nullopt: there is more to
// come.
struct FieldHead {
  std::string_view name;
  std::size_t bytes = 0;
  std::size_t length = 0;
};
Result<std::optional<FieldHead>> HeadOf(std::string_view buffer) {
  const std::size_t first = buffer.find(' ');
  const std::size_t second = first == std::string_view::npos ? first : buffer.find(' ', first + 1);
  if (second == std::string_view::npos || second > kMaxFieldHead) {
    if (buffer.size() > kMaxFieldHead) return Invalid("a field has no size");
    return std::optional<FieldHead>();
  }
  FieldHead head{buffer.substr(0, first), 0, second + 1};
  const char* end = buffer.data() + second;
  const auto [stop, failed] = std::from_chars(buffer.data() + first + 1, end, head.bytes);
  if (failed != std::errc() || stop != end) return Invalid("a field's size is no number");
  if (head.bytes > kMaxFieldBytes) return Invalid("a field is larger than any revision");
  return std::optional<FieldHead>(head);
}

}  // namespace

Result<void> ExportProject(Kv& kv, const std::string& project,
                           const std::function<bool(std::string)>& write) {
  TRY(keys::CheckProject(project));
  const std::vector<RefLog> logs = TRY(LogsOf(kv, project));
  const std::vector<Id> ids = TRY(IdsOf(kv, project, logs));
  Writer writer(write);
  TRY(writer.Text(kFirstLine));
  TRY(writer.Field("project", project));
  Revisions revisions(kv, writer);
  for (const Id& id : ids) TRY(revisions.Write(id));
  for (const RefLog& log : logs) {
    TRY(writer.Field("ref", log.name));
    for (const RefMove& move : log.moves) TRY(writer.Field("move", EncodeMove(move)));
  }
  return writer.End();
}

Result<void> ProjectImporter::Feed(std::string_view piece) {
  buffer_ += piece;
  std::size_t at = 0;
  if (!started_) {
    if (buffer_.size() < kFirstLine.size()) return {};
    if (!buffer_.starts_with(kFirstLine)) return Invalid("its first line is another one");
    started_ = true;
    hash_.Add(kFirstLine);
    at = kFirstLine.size();
  }
  while (at < buffer_.size()) {
    const std::string_view rest = std::string_view(buffer_).substr(at);
    const std::optional<FieldHead> head = TRY(HeadOf(rest));
    if (!head || rest.size() < head->length + head->bytes + 1) break;
    const std::size_t length = head->length + head->bytes + 1;
    if (rest[length - 1] != '\n') return Invalid("a field is longer than it says");
    if (head->name != "hash") hash_.Add(rest.substr(0, length));
    TRY(TakeField(head->name, rest.substr(head->length, head->bytes)));
    at += length;
  }
  buffer_.erase(0, at);
  return {};
}

Result<void> ProjectImporter::TakeField(std::string_view name, std::string_view value) {
  if (whole_) return Invalid("something follows its end");
  if (name == "project") return TakeProject(value);
  if (!receiver_) return Invalid("it names no project");
  if (name == "object") return TakeObject(value);
  if (name == "ref") {
    const auto same = [&](const RefLog& log) { return NameKey(log.name) == NameKey(value); };
    if (std::ranges::any_of(logs_, same)) return Invalid("it has a ref twice");
    logs_.push_back({std::string(value), {}});
    return {};
  }
  if (name == "move" && !logs_.empty()) {
    auto move = DecodeMove(value);
    if (!move) return Invalid(move.error().message);
    logs_.back().moves.push_back(*std::move(move));
    return {};
  }
  if (name != "hash") return Invalid(fmt::format("a field is called `{}`", name));
  if (value != Hex(hash_.Finish())) return Invalid("it was damaged since it was written");
  whole_ = true;
  return {};
}

Result<void> ProjectImporter::TakeProject(std::string_view name) {
  if (receiver_) return Invalid("it names two projects");
  imported_.project = name;
  TRY(keys::CheckProject(name));
  importer_ = TRY(admit_(imported_.project));
  receiver_.emplace(objects_, imported_.project);
  return {};
}

Result<void> ProjectImporter::TakeObject(std::string_view text) {
  return receiver_->Add(Id(Sha256(text)), text);
}

// Who made the file may know ids of what is another project's.
Result<void> ProjectImporter::CheckLedTo() {
  std::vector<Id> ids;
  for (const RefLog& log : logs_) {
    for (const RefMove& move : log.moves) ids.insert(ids.end(), move.to.begin(), move.to.end());
  }
  const std::vector<bool> has = TRY(objects_.Has(imported_.project, ids));
  const auto lacked = std::find(has.begin(), has.end(), false);
  if (lacked == has.end()) return {};
  const Id& id = ids[static_cast<std::size_t>(lacked - has.begin())];
  return Invalid(fmt::format("a ref moved to {}, which it does not have", id.hex()));
}

Result<ImportedProject> ProjectImporter::Finish() {
  if (!whole_) return Invalid("it ends too early");
  TRY(receiver_->Finish());
  TRY(CheckLedTo());
  imported_.objects = receiver_->received();
  imported_.refs =
      TRY(refs_.Import(imported_.project, logs_, importer_.caller, importer_.with_logs));
  return imported_;
}

}  // namespace mig
