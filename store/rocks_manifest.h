// RocksDB's MANIFEST as a file: found through CURRENT, compared with what was sealed.
//
// RocksDB reads a MANIFEST whose last record is damaged as one that ends before it, and then leaves
// out the table which that record added. So the bytes that were there when a commit was
// acknowledged are compared by their hash.
#pragma once

#include <cstdint>
#include <filesystem>

#include "store/core/result.h"
#include "store/seal.h"

namespace mig {

// The number of the MANIFEST that CURRENT names. Errors: kCorruption naming CURRENT when it is
// missing, names no MANIFEST, or one that is missing.
Result<std::uint64_t> CurrentManifest(const std::filesystem::path& database);

// Errors: kCorruption naming CURRENT when it names a MANIFEST older than the sealed one, or the
// MANIFEST when it does not start with what was sealed.
Result<void> CheckManifest(const std::filesystem::path& database, const Sealed& sealed);

// `known` with the MANIFEST as it is now, which is synced first; hashes it only where its size has
// changed.
Result<Sealed> SealedManifest(const std::filesystem::path& database, const Sealed& known);

}  // namespace mig
