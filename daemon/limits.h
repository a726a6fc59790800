// How much of anything the daemon takes at once. Beyond a limit the answer is kLimitExceeded,
// naming it; each has its reason.
#pragma once

#include <chrono>
#include <cstddef>

namespace mig {

// Threads for short calls. They wait for the store's disk and for databases, not for processors, so
// a few more than cores; runs have threads of their own.
inline constexpr std::size_t kPoolThreads = 8;

// Calls that wait for a thread. At a millisecond each the last one waits about a tenth of a second;
// a caller is better off with a refusal than with a longer queue.
inline constexpr std::size_t kMaxQueuedCalls = 1000;

// One message in. A listing of 30,000 files fits; contents of files come in chunks of at most a
// mebibyte.
inline constexpr int kMaxRequestBytes = 4 << 20;

// One message out: a revision file of the largest size (store/core/limits.h) with its canonical
// text.
inline constexpr std::size_t kMaxResponseBytes = std::size_t{40} << 20;

// Long jobs at once (checks, copies, exports): each reads the whole store, and has a thread.
inline constexpr std::size_t kMaxJobs = 8;

// Connections on one Unix socket: far above forty commands at once, well below the usual 1,024 open
// files (each takes two).
inline constexpr std::size_t kMaxUnixConnections = 400;

// Events of a run in one message: bounds what a slow watcher holds in memory, at about 100 bytes
// each, and at 8 KiB at the most.
inline constexpr std::size_t kMaxEventsPerRead = 1000;

// What is told of one text of a server's, a notice or a part of an error: more than anybody reads,
// and an event of a few such texts is far below a value's limit in the store.
inline constexpr std::size_t kMaxToldBytes = std::size_t{8} << 10;

// What a caller calls itself: each row of a target's log and each move of a ref keeps it for good.
inline constexpr std::size_t kMaxCallerBytes = 1000;

// Notices of servers in a run: a loop that raises one for each row of a table would fill memory and
// store. Statements that say one thing each stay below.
inline constexpr int kMaxNotices = 1000;

// How long events gather before they are sent on. A tenth of a second reads as at once.
inline constexpr std::chrono::milliseconds kEventPause{100};

// Rows of a target's log in one answer: half a mebibyte, read in a few milliseconds.
inline constexpr int kMaxLogPage = 1000;

// Text of an error on the wire. All headers of an answer share gRPC's default limit of 8 KiB, and
// details travel there in base64.
inline constexpr std::size_t kMaxStatusMessageBytes = 600;
inline constexpr std::size_t kMaxErrorDetailBytes = 4096;

// How long a stopping daemon waits for calls and runs to end by themselves, before it interrupts
// them. Service managers kill after 90 seconds by default, container engines after 10.
inline constexpr std::chrono::seconds kDrainTime{8};

// Work trees kept as read. However large: the branches somebody switches between within an hour.
// Beyond those as many as have little to keep, for many clients that ask at once. Each costs about
// three times its files.
inline constexpr std::size_t kKeptViews = 8;
inline constexpr std::size_t kMaxKeptViews = 1024;
inline constexpr std::size_t kMaxKeptBytes = std::size_t{8} << 20;  // of files

// Histories of a view and a target together that are kept: those of the targets of a few work
// trees. Two thousand edited revisions take about 6 MB.
inline constexpr std::size_t kMaxJoinedHistories = 8;
inline constexpr std::size_t kMaxJoinedBytes = std::size_t{64} << 20;

// How long a session that only reads is kept after use. PostgreSQL's DROP DATABASE waits 5 seconds
// for other sessions to leave before it refuses: with two of them to spare it never does for ours.
inline constexpr std::chrono::seconds kSessionKeeping{3};

// Sessions kept at once: the targets that somebody's commands go back and forth between.
inline constexpr std::size_t kMaxKeptSessions = 8;

// Contents of files sent and not yet part of a view: what one large work tree sends before it is
// opened.
inline constexpr std::size_t kMaxUploadedBytes = std::size_t{512} << 20;

// Ids in one question about objects: with 67 bytes each they stay well under kMaxRequestBytes.
inline constexpr std::size_t kMaxIdsPerCall = 20'000;

// Heads of a ref: each is read when the ref is listed, and a record of them stays far below a
// value's limit.
inline constexpr std::size_t kMaxRefHeads = 1000;

// Objects that are received and not yet stored: what one stream may hold in memory.
inline constexpr std::size_t kMaxReceivedBytes = std::size_t{4} << 20;

// Bytes of a script in one message of a stream.
inline constexpr std::size_t kScriptBytesPerMessage = std::size_t{256} << 10;

// Bytes of objects in one message of a stream.
inline constexpr std::size_t kObjectBytesPerMessage = std::size_t{256} << 10;

}  // namespace mig
