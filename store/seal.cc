#include "store/seal.h"

#include <fmt/format.h>

#include <optional>

#include "store/core/sha256.h"
#include "store/record.h"

namespace mig {
namespace {

constexpr std::uint64_t kSlotDistance = 4096;
constexpr std::size_t kSlotBytes = 512;
constexpr std::size_t kHashDigits = 64;

struct Slot {
  std::uint64_t turn = 0;
  Sealed sealed;
};

std::string EncodeSlot(const Slot& slot) {
  const std::string record = Record("seal")
                                 .Add("turn", slot.turn)
                                 .Add("commit", slot.sealed.commit)
                                 .Add("manifest", slot.sealed.manifest)
                                 .Add("bytes", slot.sealed.manifest_bytes)
                                 .Add("hash", std::string_view(slot.sealed.manifest_hash))
                                 .Encode();
  std::string bytes = Hex(Sha256(record)) + "\n" + record;
  bytes.resize(kSlotBytes, '\0');
  return bytes;
}

Result<Slot> DecodeRecord(std::string_view bytes) {
  const Record record = TRY(Record::Decode("seal", bytes));
  Slot slot;
  slot.turn = TRY(record.Number("turn"));
  slot.sealed.commit = TRY(record.Number("commit"));
  slot.sealed.manifest = TRY(record.Number("manifest"));
  slot.sealed.manifest_bytes = TRY(record.Number("bytes"));
  slot.sealed.manifest_hash = TRY(record.Text("hash"));
  return slot;
}

std::optional<Slot> DecodeSlot(std::string_view content, std::uint64_t offset) {
  if (content.size() < offset + kSlotBytes) return std::nullopt;
  std::string_view bytes = content.substr(offset, kSlotBytes);
  bytes = bytes.substr(0, bytes.find('\0'));
  if (bytes.size() <= kHashDigits) return std::nullopt;
  const std::string_view record = bytes.substr(kHashDigits + 1);
  if (Hex(Sha256(record)) != bytes.substr(0, kHashDigits)) return std::nullopt;
  auto slot = DecodeRecord(record);
  if (!slot) return std::nullopt;
  return *std::move(slot);
}

}  // namespace

Result<Seal> Seal::Open(const std::filesystem::path& path) {
  Seal seal(TRY(DurableFile::Open(path, DurableFile::Mode::kExisting)));
  const std::string content = TRY(seal.file_.Read(2 * kSlotDistance));
  std::optional<Slot> latest;
  for (std::uint64_t offset : {std::uint64_t{0}, kSlotDistance}) {
    auto slot = DecodeSlot(content, offset);
    if (slot && (!latest || slot->turn > latest->turn)) latest = std::move(slot);
  }
  if (!latest) {
    return Error{Reason::kCorruption,
                 fmt::format("{} is damaged: neither of its slots is whole", path.string()),
                 {{"path", path.string()}}};
  }
  seal.latest_ = latest->sealed;
  seal.turn_ = latest->turn;
  return seal;
}

Result<Seal> Seal::Create(const std::filesystem::path& path) {
  Seal seal(TRY(DurableFile::Open(path, DurableFile::Mode::kCreate)));
  // Both slots, so that every later write overwrites what has its place on the disk.
  TRY(seal.Write({}));
  TRY(seal.Write({}));
  TRY(SyncDirectory(path.parent_path()));
  return seal;
}

Result<void> Seal::Write(const Sealed& sealed) {
  const Slot slot{turn_ + 1, sealed};
  TRY(file_.WriteAt(slot.turn % 2 * kSlotDistance, EncodeSlot(slot)));
  TRY(file_.Sync());
  turn_ = slot.turn;
  latest_ = sealed;
  return {};
}

}  // namespace mig
