#include "store/graph_file.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mig {
namespace {

constexpr std::string_view kFirstLine = "mig-graph 2\n";
constexpr std::size_t kNumberBytes = 4;
constexpr std::size_t kFrameBytes = 2 * kNumberBytes;  // length and checksum
constexpr std::size_t kMostAtOnce = std::size_t{1} << 20;
// Far above what a header of 64 KiB and a thousand links need: longer ones are damage.
constexpr std::uint32_t kMaxRecordBytes = std::uint32_t{1} << 20;

void AppendNumber(std::string& bytes, std::uint32_t number) {
  for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>(number >> shift);
}

// Spelled out, so that it is one load.
std::uint32_t NumberAt(std::string_view bytes, std::size_t offset) {
  const auto byte = [&](std::size_t i) {
    return std::uint32_t{static_cast<unsigned char>(bytes[offset + i])};
  };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

std::uint32_t Checksum(std::string_view payload) {
  return static_cast<std::uint32_t>(
      XXH3_64bits_withSeed(payload.data(), payload.size(), payload.size()));
}

std::string RecordOf(const NodeTable& nodes, Position p) {
  std::string payload;
  AppendNumber(payload, static_cast<std::uint32_t>(nodes.parents(p).size()));
  AppendNumber(payload, static_cast<std::uint32_t>(nodes.depends(p).size()));
  for (const auto edges : {nodes.parents(p), nodes.depends(p)}) {
    for (const Position below : edges) AppendNumber(payload, below);
  }
  payload += nodes.packed(p);
  std::string record;
  AppendNumber(record, static_cast<std::uint32_t>(payload.size()));
  AppendNumber(record, Checksum(payload));
  return record + payload;
}

// Adds a record's revision; false where the payload is none. `edges` is room to work in.
bool AddRevision(NodeTable& nodes, std::string_view payload, std::vector<Position>& edges) {
  if (payload.size() < 2 * kNumberBytes) return false;
  const std::size_t parents = NumberAt(payload, 0), depends = NumberAt(payload, kNumberBytes);
  payload.remove_prefix(2 * kNumberBytes);
  if ((parents + depends) * kNumberBytes > payload.size()) return false;
  edges.clear();
  for (std::size_t i = 0; i < parents + depends; ++i) {
    edges.push_back(NumberAt(payload, i * kNumberBytes));
    if (edges.back() >= nodes.size()) return false;
  }
  const std::string_view packed = payload.substr(edges.size() * kNumberBytes);
  if (!IsPacked(packed)) return false;
  const std::span<const Position> all(edges);
  nodes.Add(packed, all.first(parents), all.subspan(parents));
  return true;
}

struct Added {
  std::size_t bytes = 0;
  bool damaged = false;  // what comes next is no record
};
// Adds the whole records at the start of `bytes`.
Added AddRecords(NodeTable& nodes, std::string_view bytes) {
  Added added;
  std::vector<Position> edges;
  while (bytes.size() - added.bytes >= kFrameBytes) {
    const std::string_view frame = bytes.substr(added.bytes);
    const std::uint32_t length = NumberAt(frame, 0);
    added.damaged = length > kMaxRecordBytes;
    if (added.damaged || frame.size() < kFrameBytes + length) break;
    const std::string_view payload = frame.substr(kFrameBytes, length);
    added.damaged =
        Checksum(payload) != NumberAt(frame, kNumberBytes) || !AddRevision(nodes, payload, edges);
    if (added.damaged) break;
    added.bytes += kFrameBytes + length;
  }
  return added;
}

}  // namespace

Result<std::unique_ptr<GraphFile>> GraphFile::Open(const std::filesystem::path& path,
                                                   NodeTable& nodes) {
  DurableFile opened = TRY(DurableFile::Open(path, DurableFile::Mode::kCreate));
  std::unique_ptr<GraphFile> file(new GraphFile(std::move(opened)));
  TRY(file->Read(nodes));
  if (::ftruncate(file->file_.descriptor(), static_cast<off_t>(file->size_)) != 0)
    return FileError("cut", path, errno);
  if (file->size_ > 0) return file;
  TRY(file->file_.WriteAt(0, kFirstLine));
  file->size_ = kFirstLine.size();
  return file;
}

// Sets size_ to the end of the last record that checks, and of all before it.
Result<void> GraphFile::Read(NodeTable& nodes) {
  const std::string first = TRY(file_.Read(kFirstLine.size()));
  if (first != kFirstLine) return {};
  size_ = kFirstLine.size();
  // Of the file from size_ on: a record that is not whole yet, and what is read next.
  std::string buffer(kFrameBytes + kMaxRecordBytes + kMostAtOnce, '\0');
  std::size_t filled = 0;
  for (;;) {
    const ssize_t got = ::pread(file_.descriptor(), buffer.data() + filled, kMostAtOnce,
                                static_cast<off_t>(size_ + filled));
    if (got < 0 && errno != EINTR) return FileError("read", "graph", errno);
    filled += static_cast<std::size_t>(std::max<ssize_t>(got, 0));
    const Added added = AddRecords(nodes, std::string_view(buffer).substr(0, filled));
    size_ += added.bytes;
    filled -= added.bytes;
    std::memmove(buffer.data(), buffer.data() + added.bytes, filled);
    if (got == 0 || added.damaged) return {};
  }
}

Result<void> GraphFile::Append(const NodeTable& nodes, Position first) {
  std::string records;
  std::uint64_t end = size_;
  for (Position p = first; p < nodes.size(); ++p) {
    records += RecordOf(nodes, p);
    if (records.size() < kMostAtOnce && p + 1 < nodes.size()) continue;
    TRY(file_.WriteAt(end, records));
    end += records.size();
    records.clear();
  }
  size_ = end;
  return {};
}

}  // namespace mig
