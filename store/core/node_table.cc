#include "store/core/node_table.h"

#include <algorithm>
#include <optional>

namespace mig {
namespace {

constexpr std::size_t kIdBytes = sizeof(Id::Bytes);

void AppendNumber(std::string& bytes, std::size_t number) {
  for (; number >= 0x80; number >>= 7) bytes += static_cast<char>(number | 0x80);
  bytes += static_cast<char>(number);
}

void AppendText(std::string& bytes, std::string_view text) {
  AppendNumber(bytes, text.size());
  bytes += text;
}

void AppendTexts(std::string& bytes, const std::vector<std::string>& texts) {
  AppendNumber(bytes, texts.size());
  for (const std::string& text : texts) AppendText(bytes, text);
}

// Reads what the functions above wrote; nothing where the bytes end too early.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  bool AtEnd() const { return rest_.empty(); }

  std::optional<std::size_t> Number() {
    std::size_t number = 0;
    for (int shift = 0; shift < 35 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      number |= std::size_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return number;
    }
    return std::nullopt;
  }

  std::optional<std::string_view> Text() {
    const auto size = Number();
    if (!size || *size > rest_.size()) return std::nullopt;
    const std::string_view text = rest_.substr(0, *size);
    rest_.remove_prefix(*size);
    return text;
  }

  // Calls `visit` with each text of a list; false where the bytes end too early.
  template <typename Visit>
  bool ForEachText(Visit visit) {
    const auto count = Number();
    if (!count) return false;
    for (std::size_t i = 0; i < *count; ++i) {
      const auto text = Text();
      if (!text) return false;
      visit(*text);
    }
    return true;
  }

 private:
  std::string_view rest_;
};

// A reader that stands `texts` texts behind the id.
Reader Behind(std::string_view packed, int texts) {
  Reader reader(packed.substr(kIdBytes));
  for (int i = 0; i < texts; ++i) reader.Text();
  return reader;
}

}  // namespace

std::string Pack(const Node& node) {
  std::string bytes(node.id.bytes().begin(), node.id.bytes().end());
  for (const std::string* text : {&node.name, &node.created, &node.message})
    AppendText(bytes, *text);
  AppendTexts(bytes, node.labels);
  AppendTexts(bytes, node.aliases);
  return bytes;
}

bool IsPacked(std::string_view bytes) {
  if (bytes.size() < kIdBytes) return false;
  Reader reader(bytes.substr(kIdBytes));
  for (int i = 0; i < 3; ++i) {
    if (!reader.Text()) return false;
  }
  const auto skip = [](std::string_view) {};
  return reader.ForEachText(skip) && reader.ForEachText(skip) && reader.AtEnd();
}

Node Unpack(std::string_view packed) {
  Reader reader(packed.substr(kIdBytes));
  Node node;
  node.id = PackedId(packed);
  for (std::string* text : {&node.name, &node.created, &node.message}) *text = *reader.Text();
  for (auto* texts : {&node.labels, &node.aliases}) {
    reader.ForEachText([&](std::string_view text) { texts->emplace_back(text); });
  }
  return node;
}

Id PackedId(std::string_view packed) {
  Id::Bytes bytes;
  std::copy_n(packed.begin(), kIdBytes, bytes.begin());
  return Id(bytes);
}

std::string_view PackedName(std::string_view packed) { return *Behind(packed, 0).Text(); }

std::string_view PackedCreated(std::string_view packed) { return *Behind(packed, 1).Text(); }

std::string_view PackedWord(std::string_view packed, std::size_t index) {
  if (index == 0) return PackedName(packed);
  Reader reader = Behind(packed, 3);
  std::string_view word;
  const auto count = [&](std::string_view text) {
    if (--index == 0) word = text;
  };
  reader.ForEachText(count);
  reader.ForEachText(count);
  return word;
}

PackedWords PackedWordsOf(std::string_view packed) {
  Reader reader = Behind(packed, 0);
  PackedWords words;
  words.name = *reader.Text();
  for (int i = 0; i < 2; ++i) reader.Text();
  reader.ForEachText([&](std::string_view text) { words.labels.push_back(text); });
  reader.ForEachText([&](std::string_view text) { words.aliases.push_back(text); });
  return words;
}

void NodeTable::Exits::Add(Position p, std::span<const Position> parents,
                           std::span<const Position> depends) {
  if (!are_known()) return;
  const Position begin = p - p % kBlock;
  Set all = 0;
  for (const auto edges : {parents, depends}) {
    for (const Position below : edges) all |= below < begin ? With(below) : of_[below - begin];
  }
  of_.push_back(all);
}

NodeTable::Exits::Set NodeTable::Exits::With(Position to) {
  const auto found = std::find(to_.begin(), to_.end(), to);
  const auto index = static_cast<std::size_t>(found - to_.begin());
  if (found == to_.end() && are_known()) to_.push_back(to);
  return index < kMost ? Set{1} << index : 0;
}

void NodeTable::Block::Edges::Add(std::span<const Position> row) {
  to.insert(to.end(), row.begin(), row.end());
  ends.push_back(static_cast<std::uint32_t>(to.size()));
}

void NodeTable::Add(std::string_view packed, std::span<const Position> parents,
                    std::span<const Position> depends) {
  Block& block = LastBlock();
  block.text_.bytes += packed;
  block.text_.ends.push_back(static_cast<std::uint32_t>(block.text_.bytes.size()));
  block.parents_.Add(parents);
  block.depends_.Add(depends);
  block.exits_by_parents_.Add(size_, parents, {});
  block.exits_by_all_.Add(size_, parents, depends);
  ++size_;
}

void NodeTable::Block::Reserve(std::size_t text_bytes) {
  text_.bytes.reserve(text_bytes + text_bytes / 8);
  for (auto* numbers : {&text_.ends, &parents_.to, &parents_.ends, &depends_.ends})
    numbers->reserve(kBlock);
  for (Exits* exits : {&exits_by_parents_, &exits_by_all_}) exits->Reserve();
}

// The block for the next node, which no other table has.
NodeTable::Block& NodeTable::LastBlock() {
  if (size_ % kBlock == 0) {
    auto block = std::make_shared<Block>();
    if (last_is_own_) {  // it stays for long, and the next one is much like it
      blocks_.back()->text_.bytes.shrink_to_fit();
      block->Reserve(blocks_.back()->text_.bytes.size());
    }
    blocks_.push_back(std::move(block));
  } else if (!last_is_own_) {
    blocks_.back() = std::make_shared<Block>(*blocks_.back());
  }
  last_is_own_ = true;
  return *blocks_.back();
}

}  // namespace mig
