#include "store/record.h"

#include <fmt/format.h>

#include <charconv>

namespace mig {
namespace {

std::optional<std::uint64_t> ParseNumber(std::string_view text) {
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [stop, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc() || stop != end) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return number;
}

std::string HeaderOf(std::string_view kind) { return fmt::format("mig-{} 1\n", kind); }

// Takes what precedes the next space off `rest`.
std::optional<std::string_view> TakeWord(std::string_view* rest) {
  const std::size_t space = rest->find(' ');
  if (space == std::string_view::npos || space == 0) return std::nullopt;
  const std::string_view word = rest->substr(0, space);
  rest->remove_prefix(space + 1);
  return word;
}

bool IsFieldName(std::string_view name) {
  return name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos;
}

}  // namespace

Result<Record> Record::Decode(std::string_view kind, std::string_view bytes) {
  const auto bad = [&](std::string_view rest) {
    return Error{Reason::kCorruption, fmt::format("the stored {} is damaged at byte {}", kind,
                                                  bytes.size() - rest.size())};
  };
  const std::string header = HeaderOf(kind);
  if (bytes.substr(0, header.size()) != header) return bad(bytes);
  Record record(kind);
  std::string_view rest = bytes.substr(header.size());
  while (!rest.empty()) {
    const auto name = TakeWord(&rest);
    if (!name || !IsFieldName(*name)) return bad(rest);
    const auto digits = TakeWord(&rest);
    const auto size = digits ? ParseNumber(*digits) : std::nullopt;
    if (!size || *size >= rest.size() || rest[*size] != '\n') return bad(rest);
    record.Add(*name, rest.substr(0, *size));
    rest.remove_prefix(*size + 1);
  }
  return record;
}

std::string Record::Encode() const {
  std::string bytes = HeaderOf(kind_);
  for (const Field& field : fields_) {
    bytes += fmt::format("{} {} {}\n", field.name, field.value.size(), field.value);
  }
  return bytes;
}

Record& Record::Add(std::string_view field, std::string_view value) {
  fields_.push_back({std::string(field), std::string(value)});
  return *this;
}

Record& Record::Add(std::string_view field, std::uint64_t number) {
  return Add(field, std::string_view(std::to_string(number)));
}

Record& Record::Add(std::string_view field, const std::vector<Id>& ids) {
  for (const Id& id : ids) Add(field, std::string_view(id.hex()));
  return *this;
}

Error Record::Bad(std::string_view field, std::string_view what) const {
  return {Reason::kCorruption,
          fmt::format("the stored {} is damaged: field {} {}", kind_, field, what)};
}

Result<std::string> Record::Text(std::string_view field) const {
  const Field* found = nullptr;
  for (const Field& candidate : fields_) {
    if (candidate.name != field) continue;
    if (found) return Bad(field, "occurs twice");
    found = &candidate;
  }
  if (!found) return Bad(field, "is missing");
  return found->value;
}

Result<std::uint64_t> Record::Number(std::string_view field) const {
  const std::string text = TRY(Text(field));
  const auto number = ParseNumber(text);
  if (!number) return Bad(field, "is not a number");
  return *number;
}

Result<std::vector<Id>> Record::Ids(std::string_view field) const {
  std::vector<Id> ids;
  for (const Field& candidate : fields_) {
    if (candidate.name != field) continue;
    const auto id = Id::FromHex(candidate.value);
    if (!id) return Bad(field, "is not an id");
    ids.push_back(*id);
  }
  return ids;
}

}  // namespace mig
