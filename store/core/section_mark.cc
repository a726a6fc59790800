#include "store/core/section_mark.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <vector>

#include "store/core/ascii.h"
#include "store/core/duration.h"
#include "store/core/nearest.h"
#include "store/core/source_text.h"

namespace mig {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kStart = "-- mig:";
constexpr std::string_view kIrreversible = "irreversible";
constexpr std::string_view kUnrendered = "unrendered:";  // and why, to the end of the line

struct KindName {
  SectionKind kind;
  std::string_view name;
};
constexpr KindName kKinds[] = {
    {SectionKind::kUp, "up"}, {SectionKind::kDown, "down"}, {SectionKind::kVerify, "verify"}};

// A word of the line and the errors about it.
class Word {
 public:
  Word(std::string_view path, Place place, std::string_view text)
      : path_(path), place_(place), text_(text) {}

  std::string_view text() const { return text_; }
  std::string_view key() const { return text_.substr(0, text_.find('=')); }
  std::string_view value() const {
    const std::size_t equals = text_.find('=');
    return equals == std::string_view::npos ? "" : text_.substr(equals + 1);
  }
  Error Wrong(std::string_view what, std::string hint = "") const {
    return FileError(path_, place_, what, std::move(hint));
  }
  Error WrongValue(std::string hint) const {
    if (value().empty()) return Wrong(fmt::format("`{}` has no value", key()), std::move(hint));
    return Wrong(fmt::format("`{}` is no value for {}", value(), key()), std::move(hint));
  }

 private:
  std::string_view path_;
  Place place_;
  std::string_view text_;
};

Result<bool> OnOrOff(const Word& word) {
  if (word.value() != "on" && word.value() != "off") return word.WrongValue("it is on or off");
  return word.value() == "on";
}

Result<void> SetTransaction(const Word& word, SectionOptions& options) {
  options.transaction = TRY(OnOrOff(word));
  return {};
}

Result<void> SetForeignKeys(const Word& word, SectionOptions& options) {
  options.foreign_keys = TRY(OnOrOff(word));
  return {};
}

// PostgreSQL keeps its timeouts in an int of milliseconds.
constexpr milliseconds kLongestTimeout{std::numeric_limits<std::int32_t>::max()};

Result<milliseconds> DurationOf(const Word& word) {
  const std::optional<milliseconds> duration = ParseDuration(word.value());
  if (!duration || *duration > kLongestTimeout)
    return word.WrongValue("a time looks like 500ms, 5s, 2min or 1h, up to 24 days");
  return *duration;
}

Result<void> SetLockTimeout(const Word& word, SectionOptions& options) {
  options.lock_timeout = TRY(DurationOf(word));
  return {};
}

Result<void> SetStatementTimeout(const Word& word, SectionOptions& options) {
  options.statement_timeout = TRY(DurationOf(word));
  return {};
}

Result<void> SetDialect(const Word& word, SectionOptions& options) {
  options.dialect = DialectFromName(word.value());
  if (!options.dialect) return word.WrongValue("it is postgresql, sqlite or mariadb");
  return {};
}

struct Option {
  std::string_view name;
  Result<void> (*set)(const Word&, SectionOptions&);
};
constexpr Option kOptions[] = {{"transaction", SetTransaction},
                               {"foreign_keys", SetForeignKeys},
                               {"lock_timeout", SetLockTimeout},
                               {"statement_timeout", SetStatementTimeout},
                               {"dialect", SetDialect}};

Error UnknownOption(const Word& word) {
  std::vector<std::string_view> known;
  for (const Option& option : kOptions) known.push_back(option.name);
  std::string hint = DidYouMean(word.key(), known);
  if (hint.empty()) hint = fmt::format("the options are {}", fmt::join(known, ", "));
  return word.Wrong(fmt::format("unknown option `{}`", word.key()), std::move(hint));
}

Result<void> ReadOption(const Word& word, SectionMark& mark, std::vector<std::string_view>& seen) {
  for (const std::string_view earlier : seen) {
    if (earlier == word.key()) {
      return word.Wrong(fmt::format("the option `{}` stands twice", earlier));
    }
  }
  seen.push_back(word.key());
  if (mark.kind == SectionKind::kVerify && word.key() == "transaction") {
    return word.Wrong("verify has no option `transaction`: it runs in the last up's transaction");
  }
  if (mark.kind == SectionKind::kVerify && word.key() == "foreign_keys") {
    return word.Wrong("verify has no option `foreign_keys`: the up sections say it");
  }
  for (const Option& option : kOptions) {
    if (option.name == word.key()) return option.set(word, mark.options);
  }
  return UnknownOption(word);
}

Result<std::string> ReadUnrendered(const Word& word, const SectionMark& mark, std::string_view line,
                                   std::size_t why) {
  if (mark.kind == SectionKind::kVerify) {
    return word.Wrong("verify cannot be unrendered: leave the section out");
  }
  if (why == std::string_view::npos) {
    return word.Wrong("`unrendered:` needs a reason",
                      "it looks like `-- mig:up unrendered: it reads what it changes`");
  }
  return std::string(line.substr(why));
}

Result<SectionKind> KindOf(const Word& word) {
  std::vector<std::string_view> known = {kIrreversible};
  for (const KindName& one : kKinds) {
    if (one.name == word.text()) return one.kind;
    known.push_back(one.name);
  }
  if (word.text().empty()) {
    return word.Wrong("the section's name is missing right after `mig:`",
                      "it looks like `-- mig:up` or `-- mig:down`");
  }
  std::string hint = DidYouMean(word.text(), known);
  if (hint.empty()) hint = "the sections are up, down, verify and irreversible";
  return word.Wrong(fmt::format("unknown section `{}`", word.text()), std::move(hint));
}

std::string_view NameOf(SectionKind kind) {
  for (const KindName& one : kKinds) {
    if (one.kind == kind) return one.name;
  }
  return "";
}

}  // namespace

bool IsSectionMark(std::string_view line) { return line.starts_with(kStart); }

bool IsNearlySectionMark(std::string_view line) {
  if (IsSectionMark(line)) return false;
  const auto skip_blanks = [&line] {
    line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  };
  skip_blanks();
  if (!line.starts_with("--")) return false;
  line.remove_prefix(2);
  skip_blanks();
  if (!EqualsIgnoringCase(line.substr(0, 3), "mig")) return false;
  line.remove_prefix(3);
  skip_blanks();
  return line.starts_with(':');
}

Result<SectionMark> ParseSectionMark(std::string_view path, int number, std::string_view line) {
  const auto word_at = [&](std::size_t begin) {
    const std::size_t end = std::min(line.find_first_of(kBlanks, begin), line.size());
    return Word(path, {number, static_cast<int>(begin) + 1}, line.substr(begin, end - begin));
  };
  line = line.substr(0, line.find_last_not_of(kBlanks) + 1);
  const Word first = word_at(kStart.size());
  SectionMark mark;
  std::size_t at = line.find_first_not_of(kBlanks, kStart.size() + first.text().size());
  if (first.text() == kIrreversible) {
    if (at == std::string_view::npos) {
      return first.Wrong("`-- mig:irreversible` needs a reason",
                         "it looks like `-- mig:irreversible the old prices are gone`");
    }
    mark.why = line.substr(at);
    return mark;
  }
  mark.kind = TRY(KindOf(first));
  std::vector<std::string_view> seen;
  while (at != std::string_view::npos) {
    const Word word = word_at(at);
    at = line.find_first_not_of(kBlanks, at + word.text().size());
    if (word.text() == kUnrendered) {
      mark.options.unrendered = TRY(ReadUnrendered(word, mark, line, at));
      break;
    }
    TRY(ReadOption(word, mark, seen));
  }
  if (!mark.options.transaction && !mark.options.foreign_keys) {
    return first.Wrong("foreign_keys=off needs a transaction, at whose end the keys are checked");
  }
  return mark;
}

std::string WriteSectionMark(const SectionMark& mark) {
  if (!mark.kind) return fmt::format("{}{} {}\n", kStart, kIrreversible, mark.why);
  std::string line = fmt::format("{}{}", kStart, NameOf(*mark.kind));
  const SectionOptions& options = mark.options;
  if (!options.transaction) line += " transaction=off";
  if (!options.foreign_keys) line += " foreign_keys=off";
  if (options.lock_timeout) line += " lock_timeout=" + WriteDuration(*options.lock_timeout);
  if (options.statement_timeout) {
    line += " statement_timeout=" + WriteDuration(*options.statement_timeout);
  }
  if (options.dialect) line += fmt::format(" dialect={}", NameOf(*options.dialect));
  if (!options.unrendered.empty()) line += fmt::format(" {} {}", kUnrendered, options.unrendered);
  return line + "\n";
}

}  // namespace mig
