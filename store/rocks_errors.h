// rocksdb::Status as an Error: the one place where RocksDB's error model is read.
#pragma once

#include <rocksdb/status.h>

#include <string_view>

#include "store/core/error.h"

namespace mig {

// The meaning of a failed `status` of doing `what` ("read", "commit", ...). `place` names the file
// that was hit where the status does not: a path. kCorruption, kStoreFull or kStoreUnavailable.
Error RocksError(std::string_view what, const rocksdb::Status& status, std::string_view place);

// The same while opening a store that exists: what is missing or makes no sense there is damage.
Error RocksOpenError(const rocksdb::Status& status, std::string_view place);

}  // namespace mig
