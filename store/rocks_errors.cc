#include "store/rocks_errors.h"

#include <fmt/format.h>

#include <string>

namespace mig {
namespace {

Reason ReasonOf(const rocksdb::Status& status) {
  if (status.IsCorruption()) return Reason::kCorruption;
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit) {
    return Reason::kStoreFull;
  }
  return Reason::kStoreUnavailable;
}

Error Make(Reason reason, std::string_view what, const rocksdb::Status& status,
           std::string_view place) {
  const std::string text = status.ToString();
  const bool named = text.find(place) != std::string::npos;
  const std::string at = named ? "" : fmt::format(" ({})", place);
  return {reason,
          fmt::format("cannot {} the store: {}{}", what, text, at),
          {{"path", std::string(place)}}};
}

}  // namespace

Error RocksError(std::string_view what, const rocksdb::Status& status, std::string_view place) {
  return Make(ReasonOf(status), what, status, place);
}

Error RocksOpenError(const rocksdb::Status& status, std::string_view place) {
  Reason reason = ReasonOf(status);
  const bool missing = status.IsPathNotFound() || status.IsNotFound();
  const bool senseless = status.IsInvalidArgument() || status.IsNotSupported();
  if (missing || senseless) reason = Reason::kCorruption;
  return Make(reason, "open", status, place);
}

}  // namespace mig
