#include "store/rocks_manifest.h"

#include <fmt/format.h>

#include <charconv>
#include <string>

#include "store/core/sha256.h"

namespace mig {
namespace {

namespace fs = std::filesystem;

fs::path ManifestPath(const fs::path& database, std::uint64_t number) {
  return database / fmt::format("MANIFEST-{:06}", number);
}

Error Damaged(const fs::path& path, std::string_view what) {
  return {Reason::kCorruption,
          fmt::format("{} is damaged: {}", path.string(), what),
          {{"path", path.string()}}};
}

std::uint64_t NumberIn(std::string_view current) {
  constexpr std::string_view kWord = "MANIFEST-";
  std::uint64_t number = 0;
  if (current.size() > kWord.size()) {
    std::from_chars(current.data() + kWord.size(), current.data() + current.size(), number);
  }
  return current == fmt::format("{}{:06}\n", kWord, number) ? number : 0;
}

}  // namespace

Result<std::uint64_t> CurrentManifest(const fs::path& database) {
  const fs::path current = database / "CURRENT";
  std::error_code failed;
  if (!fs::exists(current, failed)) return Damaged(current, "it is missing");
  const std::string content = TRY(ReadFile(current));
  const std::uint64_t number = NumberIn(content);
  if (number == 0) return Damaged(current, "it names no MANIFEST");
  if (!fs::exists(ManifestPath(database, number), failed)) {
    return Damaged(current, fmt::format("MANIFEST-{:06} is missing", number));
  }
  return number;
}

Result<void> CheckManifest(const fs::path& database, const Sealed& sealed) {
  const std::uint64_t number = TRY(CurrentManifest(database));
  if (number < sealed.manifest) {
    return Damaged(
        database / "CURRENT",
        fmt::format("it names MANIFEST-{:06}, and the last was {:06}", number, sealed.manifest));
  }
  // Opening writes a new MANIFEST; killed before it was sealed, it is newer than the seal.
  if (number > sealed.manifest) return {};
  const fs::path path = ManifestPath(database, number);
  const DurableFile file = TRY(DurableFile::Open(path, DurableFile::Mode::kExisting));
  const std::string content = TRY(file.Read(sealed.manifest_bytes));
  if (Hex(Sha256(content)) == sealed.manifest_hash) return {};
  return Damaged(path, "its content is not what was written");
}

Result<Sealed> SealedManifest(const fs::path& database, const Sealed& known) {
  Sealed now = known;
  if (now.manifest == 0) now.manifest = TRY(CurrentManifest(database));
  const fs::path path = ManifestPath(database, now.manifest);
  std::error_code failed;
  const std::uint64_t bytes = fs::file_size(path, failed);
  if (failed) return FileError("measure", path, failed.value());
  if (bytes == known.manifest_bytes && known.manifest != 0) return now;
  DurableFile file = TRY(DurableFile::Open(path, DurableFile::Mode::kExisting));
  const std::string content = TRY(file.Read(bytes));
  TRY(file.Sync());
  now.manifest_bytes = content.size();
  now.manifest_hash = Hex(Sha256(content));
  return now;
}

}  // namespace mig
