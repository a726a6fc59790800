#include "store/core/revision.h"

#include <fmt/format.h>

#include <charconv>

#include "store/core/names.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

constexpr std::string_view kFirstLine = "mig-revision 1";

void AppendIds(std::string& text, std::string_view key, const std::vector<Id>& ids) {
  for (const Id& id : ids) {
    text += key;
    text += id.hex();
    text += '\n';
  }
}

// Reads canonical text from its start, one expected thing after the other.
class Decoder {
 public:
  explicit Decoder(std::string_view text) : text_(text) {}

  Result<Revision> Decode();

 private:
  Error Corrupt(std::string_view what) const {
    return Error{Reason::kCorruption,
                 fmt::format("a revision's canonical text is damaged at byte {}: {}", at_, what),
                 {{"offset", std::to_string(at_)}}};
  }

  bool StartsWith(std::string_view expected) const {
    return text_.substr(at_, expected.size()) == expected;
  }
  Result<void> Skip(std::string_view expected);
  Result<std::string_view> RestOfLine();
  Result<std::vector<Id>> Ids(std::string_view key);
  Result<std::size_t> Size();

  std::string_view text_;
  std::size_t at_ = 0;
};

Result<void> Decoder::Skip(std::string_view expected) {
  if (!StartsWith(expected)) {
    const std::string_view shown = expected.substr(0, expected.find('\n'));
    return Corrupt(shown.empty() ? "an empty line is missing" : fmt::format("no `{}` here", shown));
  }
  at_ += expected.size();
  return {};
}

Result<std::string_view> Decoder::RestOfLine() {
  const std::size_t end = text_.find('\n', at_);
  if (end == std::string_view::npos) return Corrupt("the line does not end");
  return text_.substr(at_, end - at_);
}

Result<std::vector<Id>> Decoder::Ids(std::string_view key) {
  std::vector<Id> ids;
  while (StartsWith(key)) {
    at_ += key.size();
    const std::string_view hex = TRY(RestOfLine());
    const std::optional<Id> id = Id::FromHex(hex);
    if (!id || *id == Id()) return Corrupt("this is not an id");
    if (!ids.empty() && !(ids.back() < *id)) return Corrupt("the ids are not sorted and distinct");
    ids.push_back(*id);
    at_ += hex.size() + 1;
  }
  return ids;
}

Result<std::size_t> Decoder::Size() {
  const std::string_view digits = TRY(RestOfLine());
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  const bool canonical = error == std::errc() && std::to_string(size) == digits;
  if (!canonical) return Corrupt("this is not a size");
  at_ += digits.size();
  return size;
}

Result<Revision> Decoder::Decode() {
  Revision revision;
  TRY(Skip(fmt::format("{}\nname ", kFirstLine)));
  revision.name = TRY(RestOfLine());
  if (!CheckRevisionName(revision.name)) return Corrupt("this is not a revision's name");
  at_ += revision.name.size() + 1;
  revision.parents = TRY(Ids("parent "));
  revision.depends = TRY(Ids("depends "));
  TRY(Skip("size "));
  const std::size_t size = TRY(Size());
  TRY(Skip("\n"));
  TRY(Skip("\n"));
  revision.body = text_.substr(at_);
  if (revision.body.size() != size) {
    return Corrupt(fmt::format("the body has {} bytes, not {}", revision.body.size(), size));
  }
  return revision;
}

}  // namespace

std::vector<Id> LinksOf(const Revision& revision) {
  std::vector<Id> links = revision.parents;
  links.insert(links.end(), revision.depends.begin(), revision.depends.end());
  return links;
}

std::string CanonicalText(const Revision& revision) {
  std::string text = fmt::format("{}\nname {}\n", kFirstLine, revision.name);
  text.reserve(text.size() + 80 * (revision.parents.size() + revision.depends.size() + 1) +
               revision.body.size());
  AppendIds(text, "parent ", revision.parents);
  AppendIds(text, "depends ", revision.depends);
  text += fmt::format("size {}\n\n", revision.body.size());
  text += revision.body;
  return text;
}

Id IdOf(const Revision& revision) { return Id(Sha256(CanonicalText(revision))); }

Result<Revision> DecodeRevision(std::string_view canonical_text) {
  return Decoder(canonical_text).Decode();
}

}  // namespace mig
