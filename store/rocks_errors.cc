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

// RocksDB wraps a failure into another of its kind: "Corruption: Corruption: IO error: ...".
std::string_view SaidOnce(std::string_view text) {
  const std::size_t end = text.find(": ");
  if (end == text.npos) return text;
  const std::string_view kind = text.substr(0, end + 2);
  while (text.substr(kind.size()).starts_with(kind)) text.remove_prefix(kind.size());
  return text;
}

Error Make(Reason reason, std::string_view what, const rocksdb::Status& status,
           std::string_view place) {
  const std::string whole = status.ToString();
  const std::string_view text = SaidOnce(whole);
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
