// How much of anything `mig` takes. Beyond a limit the answer is kLimitExceeded, naming the limit;
// each has its reason.
#pragma once

#include <cstddef>

namespace mig {

// A revision file. The largest scripts seen in practice are dumps of a few megabytes; a file is
// held in memory whole, several times over during a run, and crosses the API in one piece.
inline constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;

// The lines above the first section mark. Every listing reads them; a merge of a thousand parents
// with the longest names would not fit, one with names as `mig revision` makes them does.
inline constexpr std::size_t kMaxHeaderBytes = std::size_t{64} << 10;

// Names in one header line (parents, depends, labels, aliases): keeps the canonical text's own part
// small.
inline constexpr std::size_t kMaxListedNames = 1000;

// Sections of a file: each `transaction=off` section is a transaction and a journal row of its own.
inline constexpr std::size_t kMaxSections = 1000;

// A revision's name or a label (product rule), and a ref's name: with a prefix they stay well under
// a key's 1 KiB.
inline constexpr std::size_t kMaxNameBytes = 128;
inline constexpr std::size_t kMaxRefNameBytes = 255;

// The key-value seam: below what the strictest implementation foreseen takes (etcd: 128 operations and
// 1.5 MiB a transaction, by default), so that moving a store there changes nothing. A larger object
// is stored in chunks.
inline constexpr std::size_t kMaxKeyBytes = 1024;
inline constexpr std::size_t kMaxValueBytes = std::size_t{1} << 20;
inline constexpr std::size_t kMaxGetKeys = 100;
inline constexpr std::size_t kMaxConditions = 100;
inline constexpr std::size_t kMaxWrites = 100;
// Keys and values of a commit's conditions and writes together.
inline constexpr std::size_t kMaxCommitBytes = std::size_t{1} << 20;
// Keys of one page of a scan.
inline constexpr std::size_t kMaxPage = 1000;

}  // namespace mig
