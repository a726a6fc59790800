// The key layout: where objects, names, refs, moves, runs, events and what was seen of targets are
// kept. docs/formats.md
// specifies it.
//
// Numbers in keys are 16 hex digits, so that byte order is numeric order. No part but a ref's name,
// which is followed by
// `:` where something follows it, holds a `/`; none holds a `:`, except times.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "store/core/id.h"
#include "store/core/result.h"

namespace mig::keys {

std::string Object(const Id& id);
std::string Chunk(const Id& id, std::uint64_t number);
std::string NamedPrefix(std::string_view project, std::string_view name);
std::string Named(std::string_view project, std::string_view name, const Id& id);
// Of a project's refs.
std::string RefPrefix(std::string_view project);
std::string Ref(std::string_view project, std::string_view name);
std::string MovePrefix(std::string_view project, std::string_view name);
std::string Move(std::string_view project, std::string_view name, std::uint64_t number);
std::string Run(std::string_view id);
// Sorts later times first: every digit of the time is replaced by what it lacks to 9.
std::string Recent(std::string_view started_at, std::string_view id);
// There while the run has not ended.
std::string Unended(std::string_view id);
std::string EventPrefix(std::string_view id);
std::string Event(std::string_view id, std::uint64_t sequence);
std::string Target(std::string_view project, std::string_view target_id);

std::string SeenPrefix(std::string_view target_id);
// An address stands in keys as the first 16 hex digits of its SHA-256.
std::string Seen(std::string_view target_id, std::string_view address);
std::string Address(std::string_view address);

inline constexpr std::string_view kPlaceholderKey = "secret/placeholders";

inline constexpr std::string_view kAddressPrefix = "address/";
inline constexpr std::string_view kChunkPrefix = "chunk/";
inline constexpr std::string_view kEpochPrefix = "epoch/";
inline constexpr std::string_view kEventPrefix = "event/";
inline constexpr std::string_view kMovePrefix = "move/";
inline constexpr std::string_view kNamedPrefix = "named/";
inline constexpr std::string_view kObjectPrefix = "object/";
inline constexpr std::string_view kRecentPrefix = "recent/";
inline constexpr std::string_view kRefPrefix = "ref/";
inline constexpr std::string_view kRunPrefix = "run/";
inline constexpr std::string_view kSecretPrefix = "secret/";
inline constexpr std::string_view kSeenPrefix = "seen/";
inline constexpr std::string_view kTargetPrefix = "target/";
inline constexpr std::string_view kUnendedPrefix = "unended/";

// What follows the last `/` or `:` of a key, as an id or a number.
std::optional<Id> IdAtEnd(std::string_view key);
std::optional<std::uint64_t> NumberAtEnd(std::string_view key);

// A project's name: 1 to 128 of [A-Za-z0-9_.-]. Errors: kNameInvalid.
Result<void> CheckProject(std::string_view project);

}  // namespace mig::keys
