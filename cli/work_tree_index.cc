#include "cli/work_tree_index.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "cli/file.h"
#include "cli/local_places.h"
#include "store/core/sha256.h"

namespace mig {
namespace {

constexpr std::string_view kFormat = "mig-index 1\n";
constexpr std::size_t kHashDigits = 64;
constexpr std::size_t kLineBytes = 200;                       // more than most lines have
constexpr std::size_t kShortLineBytes = 130;                  // less than most lines have
constexpr std::size_t kMaxIndexBytes = std::size_t{1} << 30;  // millions of files

std::int64_t Nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

template <typename Number>
void Append(std::string& text, Number number) {
  char digits[24];
  const auto [end, failure] = std::to_chars(digits, digits + sizeof digits, number);
  text.append(digits, end).append(1, ' ');
}

// Takes the parts of an index's text from its front; `ok` turns false at the first that is missing.
class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }

  std::string_view Until(char mark) {
    const std::size_t end = rest_.find(mark);
    if (end == std::string_view::npos) return Fail();
    const std::string_view part = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return part;
  }

  std::string_view Hash(char mark) {
    const std::string_view hash = Until(mark);
    return hash.size() == kHashDigits ? hash : Fail();
  }

  template <typename Number>
  Number Value() {
    Number number = 0;
    const auto [end, failure] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    const auto read = static_cast<std::size_t>(end - rest_.data());
    if (failure != std::errc() || read >= rest_.size() || rest_[read] != ' ') {
      Fail();
      return 0;
    }
    rest_.remove_prefix(read + 1);
    return number;
  }

 private:
  std::string_view Fail() {
    ok_ = false;
    rest_ = {};
    return {};
  }

  std::string_view rest_;
  bool ok_ = true;
};

IndexedFile ReadEntry(Reader& reader) {
  IndexedFile file;
  file.sha256 = reader.Hash(' ');
  file.stamp.modified = reader.Value<std::int64_t>();
  file.stamp.changed = reader.Value<std::int64_t>();
  file.stamp.size = reader.Value<std::int64_t>();
  file.stamp.inode = reader.Value<std::uint64_t>();
  file.path = reader.Until('\0');
  return file;
}

bool WriteUnsynced(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

FileStamp FileStamp::Of(const struct stat& status) {
  return {Nanoseconds(status.st_mtim), Nanoseconds(status.st_ctim), status.st_size, status.st_ino};
}

bool WorkTreeIndex::Covers(const IndexedFile& file, const FileStamp& now) const {
  return file.stamp == now && std::max(now.modified, now.changed) < begun;
}

std::string EncodeIndex(const WorkTreeIndex& index) {
  std::string text(kFormat);
  text.reserve(kLineBytes * (index.files.size() + 2));
  Append(text, index.begun);
  text.append(index.digest).append("\n");
  for (const IndexedFile& file : index.files) {
    text.append(file.sha256).append(1, ' ');
    Append(text, file.stamp.modified);
    Append(text, file.stamp.changed);
    Append(text, file.stamp.size);
    Append(text, file.stamp.inode);
    text.append(file.path).append(1, '\0');
  }
  return text + Hex(Sha256(text));
}

std::optional<WorkTreeIndex> DecodeIndex(std::string_view text) {
  if (!text.starts_with(kFormat) || text.size() < kFormat.size() + kHashDigits) return std::nullopt;
  const std::string_view checked = text.substr(0, text.size() - kHashDigits);
  if (Hex(Sha256(checked)) != text.substr(checked.size())) return std::nullopt;
  Reader reader(checked.substr(kFormat.size()));
  WorkTreeIndex index;
  index.begun = reader.Value<std::int64_t>();
  index.digest = reader.Hash('\n');
  index.files.reserve(checked.size() / kShortLineBytes);
  while (reader.ok() && !reader.at_end()) index.files.push_back(ReadEntry(reader));
  const bool sorted = std::ranges::is_sorted(index.files, {}, &IndexedFile::path);
  if (!reader.ok() || !sorted) return std::nullopt;
  return index;
}

WorkTreeIndexFile::~WorkTreeIndexFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

WorkTreeIndex WorkTreeIndexFile::Read() const {
  const Result<std::string> text = ReadFile(work_tree_ + "/.mig/index", nullptr, kMaxIndexBytes);
  if (!text) return {};
  return DecodeIndex(*text).value_or(WorkTreeIndex());
}

std::optional<std::int64_t> WorkTreeIndexFile::Begin() {
  const std::string state = StateInWorkTree(work_tree_);
  if (state.empty()) return std::nullopt;
  std::string path = state + "/index.XXXXXX";
  descriptor_ = ::mkostemp(path.data(), O_CLOEXEC);
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) return std::nullopt;
  temporary_ = std::move(path);
  return Nanoseconds(status.st_mtim);
}

// Not synced: what a crash leaves behind is a whole index or a damaged one, and both do.
void WorkTreeIndexFile::Write(const WorkTreeIndex& index) {
  if (temporary_.empty() || !WriteUnsynced(descriptor_, EncodeIndex(index))) return;
  if (std::rename(temporary_.c_str(), (work_tree_ + "/.mig/index").c_str()) == 0)
    temporary_.clear();
}

}  // namespace mig
