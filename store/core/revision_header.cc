#include "store/core/revision_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <iterator>
#include <set>

#include "store/core/limits.h"
#include "store/core/names.h"
#include "store/core/nearest.h"
#include "store/core/source_text.h"

namespace mig {
namespace {

using CheckName = Result<void> (*)(std::string_view);

// A key that holds a text, or one that holds a list of names; in the order in which they are
// written.
struct Key {
  std::string_view name;
  std::string RevisionHeader::*text;
  std::vector<std::string> RevisionHeader::*list;
  CheckName check;
};

constexpr Key kKeys[] = {
    {"message", &RevisionHeader::message, nullptr, nullptr},
    {"parents", nullptr, &RevisionHeader::parents, CheckRevisionName},
    {"depends", nullptr, &RevisionHeader::depends, CheckLabel},  // what labels may hold, names may
    {"labels", nullptr, &RevisionHeader::labels, CheckLabel},
    {"aliases", nullptr, &RevisionHeader::aliases, CheckRevisionName},
    {"author", &RevisionHeader::author, nullptr, nullptr},
    {"created", &RevisionHeader::created, nullptr, nullptr},
};

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

int NumberAt(std::string_view text, std::size_t at, std::size_t digits) {
  int value = -1;
  const char* end = text.data() + at + digits;
  const auto read = std::from_chars(text.data() + at, end, value);
  return read.ptr == end ? value : -1;
}

// "2026-11-22T08:15:30Z" (RFC 3339 in UTC, to the second): a real day and time.
bool IsTimestamp(std::string_view text) {
  static constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
  if (text.size() != kShape.size()) return false;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !digit : text[i] != kShape[i]) return false;
  }
  const std::chrono::year_month_day day{std::chrono::year(NumberAt(text, 0, 4)),
                                        std::chrono::month(unsigned(NumberAt(text, 5, 2))),
                                        std::chrono::day(unsigned(NumberAt(text, 8, 2)))};
  return day.ok() && NumberAt(text, 11, 2) < 24 && NumberAt(text, 14, 2) < 60 &&
         NumberAt(text, 17, 2) < 60;
}

// Names separated by commas. They are parts of `line`, which gives errors their column.
Result<std::vector<std::string>> ReadNames(std::string_view path, int number, std::string_view line,
                                           std::string_view value, CheckName check) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  if (value.empty()) return names;
  for (std::size_t begin = 0; begin <= value.size();) {
    const std::size_t end = std::min(value.find(',', begin), value.size());
    const std::string_view name = Trimmed(value.substr(begin, end - begin));
    const char* at = name.empty() ? value.data() + begin : name.data();
    const Place place{number, static_cast<int>(at - line.data()) + 1};
    if (name.empty()) return FileError(path, place, "a name is missing beside the comma");
    const Result<void> valid = check(name);
    if (!valid) return FileError(path, place, valid.error().message, HintOf(valid.error()));
    if (!seen.insert(NameKey(name)).second) {
      return FileError(path, place, fmt::format("`{}` stands twice in the list", name),
                       "take one of them out");
    }
    names.emplace_back(name);
    begin = end + 1;
  }
  return names;
}

Error UnknownKey(std::string_view path, int number, std::string_view key) {
  const Place place{number, 4};
  if (key == "replaces") {
    return FileError(path, place, "the key `replaces` is reserved and has no meaning yet");
  }
  std::vector<std::string_view> known;
  for (const Key& one : kKeys) known.push_back(one.name);
  std::string hint = DidYouMean(key, known);
  if (hint.empty()) hint = fmt::format("the keys are {}", fmt::join(known, ", "));
  return FileError(path, place, fmt::format("unknown key `{}`", key), std::move(hint));
}

Error NoHeaderLine(std::string_view path, int number, std::string_view line) {
  const int column = static_cast<int>(line.find_first_not_of(kBlanks)) + 1;
  if (Trimmed(line).starts_with("--")) {
    return FileError(path, {number, column}, "a header line has the form `-- key: value`",
                     "other comments go below the first section mark, e.g. `-- mig:up`");
  }
  if (line.starts_with("<<<<<<<")) {
    return FileError(path, {number, column}, "a merge left a conflict here",
                     "settle it as in any other file, and take the marks of Git out");
  }
  return FileError(path, {number, column}, "SQL before the first section mark",
                   "put a line `-- mig:up` above it");
}

}  // namespace

Result<void> HeaderReader::Read(int number, std::string_view line) {
  const std::string_view trimmed = Trimmed(line);
  if (trimmed.empty() || trimmed == "--") return {};
  const std::size_t colon = line.find(':');
  if (!line.starts_with("-- ") || colon == std::string_view::npos) {
    return NoHeaderLine(path_, number, line);
  }
  const std::string_view key = line.substr(3, colon - 3);
  if (key.find_first_of(kBlanks) != std::string_view::npos)
    return NoHeaderLine(path_, number, line);
  const std::string_view value = Trimmed(line.substr(colon + 1));
  TRY(ReadValue(number, line, key, value));
  const auto [earlier, added] = lines_.emplace(key, number);
  if (added) return {};
  return FileError(
      path_, {number, 4},
      fmt::format("the key `{}` stands a second time, after line {}", key, earlier->second));
}

Result<void> HeaderReader::ReadValue(int number, std::string_view line, std::string_view key,
                                     std::string_view value) {
  const auto* known = std::find_if(std::begin(kKeys), std::end(kKeys),
                                   [key](const Key& one) { return one.name == key; });
  if (known == std::end(kKeys)) return UnknownKey(path_, number, key);
  if (known->text != nullptr) {
    const int column = static_cast<int>(value.data() - line.data()) + 1;
    if (key == "created" && !value.empty() && !IsTimestamp(value)) {
      return FileError(path_, {number, column}, fmt::format("`{}` is no time", value),
                       "a time looks like 2026-11-22T08:15:30Z, in UTC");
    }
    header_.*known->text = value;
    return {};
  }
  const auto commas = static_cast<std::size_t>(std::count(value.begin(), value.end(), ','));
  if (commas >= kMaxListedNames) {
    return Error{
        Reason::kLimitExceeded,
        fmt::format("{}:{}: more than {} names in `{}`", path_, number, kMaxListedNames, key),
        {{"file", std::string(path_)}, {"line", std::to_string(number)}}};
  }
  header_.*known->list = TRY(ReadNames(path_, number, line, value, known->check));
  return {};
}

int HeaderReader::LineOf(std::string_view key) const {
  const auto found = lines_.find(key);
  return found == lines_.end() ? 0 : found->second;
}

std::string WriteHeader(const RevisionHeader& header) {
  std::string text;
  for (const Key& key : kKeys) {
    const std::string value = key.text != nullptr
                                  ? header.*key.text
                                  : fmt::format("{}", fmt::join(header.*key.list, ", "));
    if (!value.empty()) text += fmt::format("-- {}: {}\n", key.name, value);
  }
  return text;
}

}  // namespace mig
