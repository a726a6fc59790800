// The refs: names in a project for a set of heads, moved only by compare-and-swap, with a log of
// every move.
//
// A ref has at least one head; one that was never created, or was deleted, does not exist. Its move
// number counts from 1, goes up by one with each move, and goes on after a deletion; its move id is
// the caller's own (random) word for that move. Value and log entry are written in one commit, so a
// move whose answer was lost is recognised by its id.
//
// A protected ref is not deleted. Whether a move of it is allowed is for the mover to decide, who
// knows the history. Protecting is a move, too: its log entry leads from the heads to the same
// heads.
//
// Thread-safe. Errors of every call, besides those named: kNameInvalid for a project or ref name,
// those of Kv.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/id.h"
#include "store/core/result.h"
#include "store/kv.h"

namespace mig {

// Refs below it note where another daemon's refs are.
inline constexpr std::string_view kTrackedRefs = "remotes/";

struct Ref {
  std::string name;
  std::vector<Id> heads;  // sorted, distinct, at least one
  std::uint64_t move_number = 0;
  std::string move_id;
  bool is_protected = false;

  friend bool operator==(const Ref&, const Ref&) = default;
};

// Who moves a ref, and when, in the caller's words.
struct Mover {
  std::string move_id;      // not empty, one line, never used twice
  std::string actor;        // whom the daemon takes the caller for
  std::string at;           // RFC 3339, UTC
  std::string author = {};  // whom the caller says it is
  // What Refs::Collection said before the heads, and what is below them, were looked up or stored.
  std::string collection = {};
};

// One entry of a ref's log.
struct RefMove {
  std::uint64_t number = 0;
  Mover by;
  std::vector<Id> from;       // empty: it was created
  std::vector<Id> to;         // empty: it was deleted
  bool is_protected = false;  // from here on

  friend bool operator==(const RefMove&, const RefMove&);
};

// A move as it is stored, and back. Errors: kCorruption.
std::string EncodeMove(const RefMove& move);
Result<RefMove> DecodeMove(std::string_view value);

// Whether `moves` are a log as a store writes it: from the ref's creation on, without gaps, heads
// sorted and distinct, texts of one line of UTF-8. Errors: kInvalidArgument.
Result<void> CheckLog(std::string_view name, const std::vector<RefMove>& moves);

// The ids in a stored ref, and in a stored move. Errors: kCorruption.
Result<std::vector<Id>> IdsOfRef(std::string_view value);
Result<std::vector<Id>> IdsOfMove(std::string_view value);

class Refs {
 public:
  explicit Refs(Kv& kv) : kv_(kv) {}  // `kv` outlives it

  // The word of the last collection of garbage (store/epochs.h). Who moves a ref asks for it first,
  // then looks which revisions are stored, stores the others, and moves.
  Result<std::string> Collection();

  // Errors: kNoSuchRef.
  Result<Ref> Get(std::string_view project, std::string_view name);
  // As Get, but nullopt when there is none.
  Result<std::optional<Ref>> Find(std::string_view project, std::string_view name);

  // The ref that people mean by a name: the one that is called so, else that under `remotes/`, else
  // the only one of that name that any remote has. Errors: kNoSuchRef; kAmbiguousPrefix where
  // several remotes have one.
  Result<Ref> Resolve(std::string_view project, std::string_view name);

  // The refs whose name starts with `prefix`, by name.
  Result<std::vector<Ref>> List(std::string_view project, std::string_view prefix = "");

  // Whether no other ref is called so but for case. Errors: kNameInvalid. Two that are created at
  // one time may both pass.
  Result<void> CheckNoTwin(std::string_view project, std::string_view name);

  // Creates the ref. Errors: kRefMoved when it exists; kInvalidArgument without heads or move id;
  // those of CheckNoTwin.
  Result<Ref> Create(std::string_view project, std::string_view name, std::vector<Id> heads,
                     const Mover& by);

  // Moves the ref to `heads` if it still is what `expected` says, and answers what it is now.
  // Repeating a call that was applied answers the same again. The heads are not looked up: storing
  // their objects first is the caller's. Errors: kRefMoved naming what it is now (details: ref,
  // heads, move_number); kRefMoved when revisions may be gone that were there: begin again with
  // Collection(); kOutcomeUnknown when even the log could not be asked; kStoreFull.
  Result<Ref> CompareAndSwap(std::string_view project, const Ref& expected, std::vector<Id> heads,
                             const Mover& by);

  // Protects the ref, or no longer, if it still is what `expected` says. Errors: as CompareAndSwap.
  Result<Ref> SetProtection(std::string_view project, const Ref& expected, bool is_protected,
                            const Mover& by);

  // Deletes the ref if it still is what `expected` says; its log stays. Errors: as CompareAndSwap;
  // kRefProtected.
  Result<void> Delete(std::string_view project, const Ref& expected, const Mover& by);

  // The number of the ref's last move, deletions included; 0: there never was one.
  Result<std::uint64_t> LastMove(std::string_view project, std::string_view name);

  // The moves after number `after`, oldest first, at most `limit`.
  Result<std::vector<RefMove>> Log(std::string_view project, std::string_view name,
                                   std::uint64_t after = 0, std::size_t limit = 1000);

  // Makes `moves`, a whole log from another store, the log of a ref that never was; its heads are
  // then what the last move says. What the moves name is not looked up: that it is stored is for
  // the caller to know. `collection`: as Mover's. Errors: those of CheckLog; kRefMoved, as
  // CompareAndSwap.
  Result<void> Adopt(std::string_view project, std::string_view name,
                     const std::vector<RefMove>& moves, const std::string& collection);

 private:
  Kv& kv_;
};

}  // namespace mig
