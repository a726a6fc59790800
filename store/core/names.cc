#include "store/core/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "store/core/ascii.h"
#include "store/core/limits.h"
#include "store/core/source_text.h"

namespace mig {
namespace {

Error Invalid(std::string_view kind, std::string_view name, std::string_view why,
              std::string hint = "") {
  return Error{Reason::kNameInvalid,
               fmt::format("`{}` cannot be a {}: {}", ShownName(name), kind, why),
               {{"name", ShownName(name)}},
               std::move(hint)};
}

// The character that begins at `at`.
std::string_view CharacterAt(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
  return text.substr(at, end - at);
}

// `more` holds the characters allowed after the first, besides letters, digits and `_`.
Result<void> CheckWord(std::string_view kind, std::string_view name, std::string_view more) {
  if (name.empty()) return Invalid(kind, name, "it is empty");
  if (name.size() > kMaxNameBytes) {
    return Invalid(kind, name, fmt::format("it is longer than {} characters", kMaxNameBytes));
  }
  if (more.find(name.front()) != std::string_view::npos) {
    return Invalid(kind, name, fmt::format("it starts with `{}`", name.front()));
  }
  for (std::size_t at = 0; at < name.size(); ++at) {
    const char c = name[at];
    if (IsAsciiAlphanumeric(c) || c == '_' || more.find(c) != std::string_view::npos) continue;
    return Invalid(kind, name, fmt::format("it holds `{}`", ShownName(CharacterAt(name, at))));
  }
  if (IsReservedWord(name)) return Invalid(kind, name, "the word is reserved");
  return {};
}

// Why a `/`-separated part of a ref's name is refused; empty where it is not.
std::string_view FaultOfRefPart(std::string_view part) {
  if (part.empty()) return "a part of it between slashes is empty";
  if (part.front() == '.') return "a part of it starts with `.`";
  if (part.front() == '-') return "a part of it starts with `-`";
  if (part.ends_with(".lock")) return "a part of it ends with `.lock`";
  return {};
}

std::string_view FaultOfRef(std::string_view ref) {
  if (ref.empty()) return "it is empty";
  if (ref.size() > kMaxRefNameBytes) return "it is too long";
  if (ref == "@") return "`@` stands for something else";
  if (IsReservedWord(ref)) return "the word is reserved";
  if (NameKey(ref).starts_with("refs/")) return "it starts with `refs/`";
  if (ref.ends_with('.')) return "it ends with `.`";
  if (ref.find("..") != std::string_view::npos) return "it holds `..`";
  if (ref.find("@{") != std::string_view::npos) return "it holds `@{`";
  for (const char c : ref) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7f) return "it holds a control character";
    if (byte >= 0x80) return "it holds a character that is not ASCII";
    if (std::string_view(" ~^:?*[\\").find(c) != std::string_view::npos) {
      return "it holds a blank or one of ~^:?*[\\";
    }
  }
  for (std::size_t begin = 0; begin <= ref.size();) {
    const std::size_t end = std::min(ref.find('/', begin), ref.size());
    const std::string_view fault = FaultOfRefPart(ref.substr(begin, end - begin));
    if (!fault.empty()) return fault;
    begin = end + 1;
  }
  return {};
}

}  // namespace

std::string ShownName(std::string_view name) {
  std::string shown(name.substr(0, kMaxRefNameBytes));
  const bool readable = !FindInvalidUtf8(shown).has_value();
  std::replace_if(
      shown.begin(), shown.end(),
      [readable](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < ' ' || byte == 0x7f || (byte >= 0x80 && !readable);
      },
      '?');
  return shown;
}

Result<void> CheckRevisionName(std::string_view name) {
  return CheckWord("revision name", name, ".");
}

Result<void> CheckLabel(std::string_view label) { return CheckWord("label", label, ".-"); }

Result<void> CheckRefName(std::string_view ref) {
  const std::string_view fault = FaultOfRef(ref);
  if (!fault.empty()) {
    return Invalid(
        "ref name", ref, fault,
        "names of refs are parts joined by `/`, as `git check-ref-format` takes them, in "
        "ASCII: `team-a/prices`; `--ref NAME` names another");
  }
  return {};
}

bool IsPlaceholderName(std::string_view name) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto fits = [](char c) { return c == '_' || IsAsciiAlphanumeric(c); };
  return !name.empty() && !is_digit(name[0]) && std::ranges::all_of(name, fits);
}

bool IsReservedWord(std::string_view word) {
  const std::string key = NameKey(word);
  return key == "head" || key == "heads" || key == "base" || key == "current";
}

std::string NameKey(std::string_view name) { return AsciiLower(name); }

}  // namespace mig
