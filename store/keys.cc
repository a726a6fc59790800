#include "store/keys.h"

#include <fmt/format.h>

#include <charconv>

#include "store/core/limits.h"
#include "store/core/names.h"
#include "store/core/sha256.h"

namespace mig::keys {
namespace {

constexpr std::string_view kProjectCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

std::string_view AtEnd(std::string_view key) {
  const std::size_t mark = key.find_last_of("/:");
  return mark == std::string_view::npos ? key : key.substr(mark + 1);
}

}  // namespace

std::string Object(const Id& id) { return fmt::format("{}{}", kObjectPrefix, id.hex()); }

std::string Chunk(const Id& id, std::uint64_t number) {
  return fmt::format("chunk/{}/{:016x}", id.hex(), number);
}

std::string NamedPrefix(std::string_view project, std::string_view name) {
  return fmt::format("named/{}/{}/", project, name);
}

std::string Named(std::string_view project, std::string_view name, const Id& id) {
  return NamedPrefix(project, name) + id.hex();
}

std::string RefPrefix(std::string_view project) { return fmt::format("ref/{}/", project); }

std::string Ref(std::string_view project, std::string_view name) {
  return fmt::format("ref/{}/{}", project, name);
}

std::string MovePrefix(std::string_view project, std::string_view name) {
  return fmt::format("move/{}/{}:", project, name);
}

std::string Move(std::string_view project, std::string_view name, std::uint64_t number) {
  return fmt::format("move/{}/{}:{:016x}", project, name, number);
}

std::string Run(std::string_view id) { return fmt::format("run/{}", id); }

std::string Recent(std::string_view started_at, std::string_view id) {
  std::string inverted(started_at);
  for (char& c : inverted) {
    if (c >= '0' && c <= '9') c = static_cast<char>('0' + '9' - c);
  }
  return fmt::format("{}{}/{}", kRecentPrefix, inverted, id);
}

std::string Unended(std::string_view id) { return fmt::format("{}{}", kUnendedPrefix, id); }

std::string EventPrefix(std::string_view id) { return fmt::format("event/{}/", id); }

std::string Event(std::string_view id, std::uint64_t sequence) {
  return fmt::format("event/{}/{:016x}", id, sequence);
}

std::string SeenPrefix(std::string_view target_id) {
  return fmt::format("{}{}/", kSeenPrefix, target_id);
}

std::string Seen(std::string_view target_id, std::string_view address) {
  return SeenPrefix(target_id) + Hex(Sha256(address)).substr(0, 16);
}

std::string Address(std::string_view address) {
  return fmt::format("{}{}", kAddressPrefix, Hex(Sha256(address)).substr(0, 16));
}

std::string Target(std::string_view project, std::string_view target_id) {
  return fmt::format("{}{}/{}", kTargetPrefix, project, target_id);
}

std::optional<Id> IdAtEnd(std::string_view key) { return Id::FromHex(AtEnd(key)); }

std::optional<std::uint64_t> NumberAtEnd(std::string_view key) {
  const std::string_view digits = AtEnd(key);
  std::uint64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, failure] = std::from_chars(digits.data(), end, number, 16);
  if (digits.size() != 16 || failure != std::errc() || stop != end) return std::nullopt;
  return number;
}

Result<void> CheckProject(std::string_view project) {
  if (!project.empty() && project.size() <= kMaxNameBytes &&
      project.find_first_not_of(kProjectCharacters) == std::string_view::npos) {
    return {};
  }
  return Error{Reason::kNameInvalid,
               fmt::format("`{}` is no project's name: 1 to {} of letters, digits, `_`, `.`, `-`",
                           ShownName(project), kMaxNameBytes),
               {{"name", ShownName(project)}},
               "`name` below [project] in mig.toml says what it is called"};
}

}  // namespace mig::keys
