#include "store/core/expression.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "store/core/ascii.h"
#include "store/core/names.h"

namespace mig {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kWordCharacters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";

bool MadeOf(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == text.npos;
}

// A word: what a name, a label, an id or a prefix of one may hold.
bool IsWord(std::string_view text) {
  return !text.empty() && MadeOf(text, std::string(kWordCharacters) + "-");
}

Error NoSuchRevision(std::string_view text, std::string_view why) {
  return Error{Reason::kNoSuchRevision,
               fmt::format("'{}' is no revision: {}", text, why),
               {{"expression", std::string(text)}}};
}

Error MultipleHeads(const Graph& graph, const Positions& heads, std::string_view asked) {
  const std::vector<std::string> names = graph.names(heads);
  return Error{
      Reason::kMultipleHeads,
      fmt::format("'{}' stands for {} revisions: {}", asked, names.size(), fmt::join(names, ", ")),
      {{"expression", std::string(asked)}, {"heads", fmt::format("{}", fmt::join(names, ","))}}};
}

Expression::Kind KindOf(std::string_view symbol) {
  if (symbol.empty()) return Expression::Kind::kNothing;
  if (symbol == "head") return Expression::Kind::kHead;
  if (symbol == "heads") return Expression::Kind::kHeads;
  if (symbol == "base") return Expression::Kind::kBase;
  if (symbol == "current") return Expression::Kind::kCurrent;
  return Expression::Kind::kWord;
}

// Splits "abc-12" into "abc" and -12; nothing where the text does not end so.
struct Tail {
  std::string_view symbol;
  Steps steps;
  bool down;
};
std::optional<Tail> RelativeTail(std::string_view text) {
  std::size_t sign = text.find_last_of("+-");
  if (sign == text.npos || sign + 1 == text.size()) return std::nullopt;
  std::string_view symbol = text.substr(0, sign);
  std::string_view digits = text.substr(sign + 1);
  if (!MadeOf(digits, kDigits) || !MadeOf(symbol, kWordCharacters)) return std::nullopt;
  Steps count = 0;
  auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (parsed.ec != std::errc()) count = std::numeric_limits<Steps>::max();
  bool down = text[sign] == '-';
  return Tail{symbol, down ? -count : count, down};
}

bool StandsAlone(Expression::Kind kind) {
  return kind == Expression::Kind::kWord || kind == Expression::Kind::kHead ||
         kind == Expression::Kind::kHeads || kind == Expression::Kind::kBase;
}

std::optional<Expression> NamedElsewhere(std::string_view text) {
  constexpr std::string_view kRefs = "refs/";
  Expression expression;
  expression.text = text;
  if (text.size() > 1 && text[0] == '@') {
    expression.kind = Expression::Kind::kTarget;
    expression.symbol = text.substr(1);
    return expression;
  }
  if (text.size() > kRefs.size() && text.starts_with(kRefs)) {
    expression.kind = Expression::Kind::kRef;
    expression.symbol = text.substr(kRefs.size());
    return expression;
  }
  return std::nullopt;
}

Result<Expression> ParseSymbol(std::string_view text, std::string_view branch,
                               std::string_view symbol) {
  Expression expression;
  expression.text = text;
  expression.branch = branch;
  if (auto tail = RelativeTail(symbol)) {
    expression.relative = tail->steps;
    expression.down = tail->down;
    symbol = tail->symbol;
  } else if (!IsWord(symbol)) {
    return NoSuchRevision(
        text, "an expression is REV, REV+N, REV-N, +N or -N, or one of these after BRANCH@");
  }
  expression.kind = KindOf(symbol);
  expression.symbol = symbol;
  return expression;
}

Expression WordExpression(std::string_view text, std::string_view branch, std::string_view word) {
  Expression expression;
  expression.text = text;
  expression.branch = branch;
  expression.symbol = word;
  return expression;
}

// "users" of "users@head"; the whole text is the symbol where there is no "@".
struct Split {
  std::string_view branch, symbol;
};
Split SplitBranch(std::string_view text) {
  std::size_t at = text.find('@');
  if (at == text.npos) return {{}, text};
  return {text.substr(0, at), text.substr(at + 1)};
}

// Does anything but one revision follow it directly, by parent or dependency?
bool IsBranching(const Graph& graph, Position p) {
  std::optional<Position> first;
  for (auto above : {graph.children(p), graph.dependents(p)}) {
    for (Position q : above) {
      if (first && *first != q) return true;
      first = q;
    }
  }
  return false;
}

// Those that go by their names: what somebody else goes by the name of, as the other version of an
// edited file, is no head beside it.
Positions NamedHeads(const Graph& graph, Follow follow) {
  Positions heads = HeadsOf(graph, follow);
  std::erase_if(heads, [&](Position p) { return graph.FindName(graph.name(p)) != p; });
  return heads;
}

// All that share the lineage of one of these; everything, where there is none.
Marks Around(const Graph& graph, const Positions& lineage, Follow follow) {
  if (lineage.empty()) return Marks(graph.size(), true);
  Marks around = AncestorsOf(graph, lineage, follow);
  for (Position p : ToPositions(DescendantsOf(graph, lineage, follow))) around[p] = true;
  return around;
}

Positions WaysUp(const Graph& graph, Resolver::Walked from) {
  using End = Resolver::Walked::End;
  if (from.end != End::kRevision) return BasesOf(graph, Follow::kParents);
  auto children = graph.children(from.revision);
  return {children.begin(), children.end()};
}

Positions WaysDown(const Graph& graph, Resolver::Walked from) {
  using End = Resolver::Walked::End;
  if (from.end == End::kBase) return {};
  if (from.end == End::kBeyond) return HeadsOf(graph, Follow::kParents);
  auto parents = graph.parents(from.revision);
  return {parents.begin(), parents.end()};
}

Error AmbiguousWalk(const Graph& graph, Resolver::Walked from, const Positions& ways, bool up) {
  bool at_revision = from.end == Resolver::Walked::End::kRevision;
  Error error{Reason::kAmbiguousWalk,
              fmt::format("from {} there are {} ways: {}",
                          at_revision ? graph.name(from.revision) : "the end", ways.size(),
                          fmt::join(graph.names(ways), ", "))};
  if (!up) error.hint = "name the revision itself: BRANCH@ tells apart the ways up, not those down";
  return error;
}

}  // namespace

Result<Expression> ParseExpression(std::string_view text) {
  if (text.empty()) return NoSuchRevision(text, "it is empty");
  if (auto elsewhere = NamedElsewhere(text)) return *elsewhere;
  auto [branch, symbol] = SplitBranch(text);
  if (text.find('@') != text.npos && !IsWord(branch)) {
    return NoSuchRevision(text, "what stands before '@' is no label, name or id");
  }
  return ParseSymbol(text, branch, symbol);
}

Result<Expression> ParseExpression(const Graph& graph, std::string_view text) {
  auto [branch, symbol] = SplitBranch(text);
  bool names_branch = branch.empty() ? branch.data() == nullptr : IsWord(branch);
  if (names_branch && graph.FindWord(symbol)) return WordExpression(text, branch, symbol);
  Expression expression = TRY(ParseExpression(text));
  // "Team.A+1": the walk must start at a name, because a label with a dot or a dash cannot be told
  // from one.
  bool dotted = expression.relative && expression.symbol.find('.') != std::string::npos;
  if (dotted && !graph.FindName(expression.symbol)) return WordExpression(text, branch, symbol);
  return expression;
}

Result<std::string> WithEach(std::string_view expression,
                             const std::function<Result<std::string>(const std::string&)>& spell) {
  std::string spelled;
  while (true) {
    if (expression.starts_with('^')) {
      spelled += '^';
      expression.remove_prefix(1);
    }
    const std::size_t end =
        std::min({expression.find(':'), expression.find(".."), expression.size()});
    spelled += TRY(spell(std::string(expression.substr(0, end))));
    if (end == expression.size()) return spelled;
    const std::size_t next =
        expression[end] == ':'
            ? end + 1
            : std::min(expression.find_first_not_of('.', end), expression.size());
    spelled += expression.substr(end, next - end);
    expression.remove_prefix(next);
  }
}

Current CurrentFrom(const Graph& graph, const std::vector<Id>& rows) {
  Current current;
  for (const Id& id : rows) {
    if (auto found = graph.FindId(id)) {
      current.rows.push_back(*found);
    } else {
      current.unknown.push_back(id.hex());
    }
  }
  return current;
}

Result<Positions> KnownRows(const Current& current) {
  if (current.unknown.empty()) return current.rows;
  return Error{
      Reason::kUnknownApplied,
      "the target has " + current.unknown.front() + " applied, which is not in this history",
      {{"id", current.unknown.front()}}};
}

Result<Positions> Resolver::Many(std::string_view text) const {
  Expression expression = TRY(ParseExpression(graph_, text));
  return Many(expression);
}

Result<Positions> Resolver::Many(const Expression& e) const {
  if (!e.relative && e.kind == Expression::Kind::kHeads) {
    if (e.branch.empty()) return NamedHeads(graph_, Follow::kAll);
    Positions heads = TRY(VersionedHeads(e.branch));
    for (Position p : heads) TRY(CheckMember(p, e.branch));
    return heads;
  }
  if (!e.relative && e.kind == Expression::Kind::kBase) return Positions{};
  if (IsBelowHeads(e)) {
    Positions found;
    for (const Walked& walked : TRY(BelowHeads(e))) {
      if (walked.end != Walked::End::kRevision) {
        return Error{Reason::kRelativeTooFar, "'" + e.text + "' leads below a base"};
      }
      found.push_back(walked.revision);
    }
    return found;
  }
  auto one = TRY(One(e));
  return one ? Positions{*one} : Positions{};
}

Result<std::optional<Position>> Resolver::One(const Expression& e) const {
  if (e.relative) {
    if (!e.branch.empty()) TRY(Branch(e.branch));
    return NoSuchRevision(e.text, "a relative expression is not understood here");
  }
  switch (e.kind) {
    case Expression::Kind::kWord: {
      Position found = TRY(Word(e.symbol, e.branch));
      return std::optional(found);
    }
    case Expression::Kind::kHead: {
      auto head = TRY(OneHead(e.branch));
      if (head) TRY(CheckMember(*head, e.branch));
      return head;
    }
    case Expression::Kind::kHeads: {
      Positions heads = TRY(Many(e));
      if (heads.size() > 1) return MultipleHeads(graph_, heads, e.text);
      return heads.empty() ? std::nullopt : std::optional(heads[0]);
    }
    case Expression::Kind::kBase:
      if (!e.branch.empty()) TRY(Branch(e.branch));
      return std::optional<Position>();
    case Expression::Kind::kCurrent:
      return NoSuchRevision(e.text,
                            "`current` is understood by show, edit and history ranges only");
    case Expression::Kind::kTarget:
    case Expression::Kind::kRef:
    case Expression::Kind::kNothing:
      break;
  }
  return NoSuchRevision(e.text, "it is not understood here");
}

Result<Positions> Resolver::VersionedHeads(std::string_view branch) const {
  Positions heads = NamedHeads(graph_, Follow::kParents);
  if (branch.empty()) return heads;
  return InLineage(heads, branch);
}

Result<std::optional<Position>> Resolver::OneHead(std::string_view branch) const {
  Positions heads = TRY(VersionedHeads(branch));
  if (heads.size() > 1) {
    return MultipleHeads(graph_, heads, branch.empty() ? "head" : std::string(branch) + "@head");
  }
  return heads.empty() ? std::nullopt : std::optional(heads[0]);
}

Result<Position> Resolver::Branch(std::string_view branch) const {
  if (auto exact = graph_.FindWord(branch)) return *exact;
  auto found = Word(branch);
  if (found) return found;
  Error error = std::move(found).error();
  return Error{Reason::kNoSuchBranch,
               fmt::format("there is no branch '{}': {}", branch, error.message),
               {{"branch", std::string(branch)}},
               error.hint};
}

Result<void> Resolver::CheckMember(Position p, std::string_view branch) const {
  if (branch.empty()) return {};
  Position member = TRY(Branch(branch));
  if (SharesLineage(graph_, p, member, Follow::kParents)) return {};
  return Error{Reason::kNotInBranch,
               fmt::format("revision {} is not in branch '{}'", graph_.name(p), branch),
               {{"name", graph_.name(p)}, {"branch", std::string(branch)}}};
}

Result<Position> Resolver::Word(std::string_view word, std::string_view branch) const {
  if (!branch.empty()) TRY(Branch(branch));
  auto found = graph_.FindWord(word);
  if (auto id = Id::FromHex(word); !found && id) found = graph_.FindId(*id);
  if (!found) found = TRY(PrefixOf(word, branch));
  TRY(CheckMember(*found, branch));
  return *found;
}

Result<Position> Resolver::PrefixOf(std::string_view word, std::string_view branch) const {
  if (word.empty()) return NoSuchRevision(word, "it is empty");
  Positions matches;
  for (const auto& [match, position] : graph_.WordsWithPrefix(word)) {
    // A name and an alias of one revision are two spellings of it; a label is a word of its own.
    const auto& aliases = graph_.node(position).aliases;
    const bool repeats = match != graph_.name(position) &&
                         std::find(aliases.begin(), aliases.end(), match) != aliases.end() &&
                         graph_.name(position).starts_with(word);
    if (!repeats) matches.push_back(position);
  }
  matches = TRY(Inside(std::move(matches), branch));
  if (matches.empty()) matches = TRY(Inside(graph_.IdsWithPrefix(word), branch));
  if (matches.size() == 1) return matches[0];
  if (!matches.empty()) {
    std::vector<std::string> names = graph_.names(matches);
    if (names.size() > 3) names.resize(3);
    return Error{Reason::kAmbiguousPrefix,
                 fmt::format("{} names, labels or ids start with '{}': {}{}", matches.size(), word,
                             fmt::join(names, ", "), matches.size() > 3 ? ", ..." : ""),
                 {{"expression", std::string(word)}}};
  }
  Error error = NoSuchRevision(word, "no name, label or id is or starts so");
  auto misses = graph_.NearMisses(word);
  const std::string lower = AsciiLower(word);
  if (IsReservedWord(word) && lower != word) misses = {lower};
  if (!misses.empty()) error.hint = fmt::format("did you mean {}?", fmt::join(misses, " or "));
  return error;
}

Result<Positions> Resolver::Inside(Positions set, std::string_view branch) const {
  if (branch.empty()) return set;
  return InLineage(set, branch);
}

Result<Positions> Resolver::LineageOf(std::string_view against, bool words_matter) const {
  auto parsed = ParseExpression(graph_, against);
  if (!parsed && words_matter) return std::move(parsed).error();
  if (!parsed) return Positions{};
  const Expression& e = *parsed;
  Positions lineage;
  if (!e.relative && e.kind == Expression::Kind::kHeads) {
    lineage = e.branch.empty() ? HeadsOf(graph_, Follow::kAll) : TRY(VersionedHeads(e.branch));
  } else if (!e.relative && e.kind == Expression::Kind::kHead) {
    if (auto head = TRY(OneHead(e.branch))) lineage.push_back(*head);
  }
  if (!words_matter) return lineage;
  if (!e.branch.empty()) lineage.push_back(TRY(Word(e.branch)));
  if (e.relative || !StandsAlone(e.kind)) {
    return NoSuchRevision(e.text, "it is not understood here");
  }
  if (e.kind == Expression::Kind::kWord) lineage.push_back(TRY(Word(e.symbol)));
  return lineage;
}

Result<Positions> Resolver::InLineage(const Positions& set, std::string_view against,
                                      Follow follow) const {
  Positions lineage = TRY(LineageOf(against, !set.empty()));
  if (set.empty()) return set;
  Marks around = Around(graph_, lineage, follow);
  Positions inside;
  std::copy_if(set.begin(), set.end(), std::back_inserter(inside),
               [&](Position p) { return around[p]; });
  return inside;
}

Result<Resolver::Walked> Resolver::Walk(std::optional<Position> start, Steps steps,
                                        std::string_view branch, bool clamp) const {
  using End = Walked::End;
  Walked at = start ? Walked{End::kRevision, *start} : Walked{End::kBeyond};
  std::optional<Marks> lineage;
  for (Steps left = steps; left != 0; left += steps > 0 ? -1 : 1) {
    Positions ways = steps > 0 ? WaysUp(graph_, at) : WaysDown(graph_, at);
    if (steps > 0 && !branch.empty() && !ways.empty()) {
      if (!lineage) {
        Positions members = TRY(LineageOf(branch, true));
        lineage = Around(graph_, members, Follow::kParents);
      }
      std::erase_if(ways, [&](Position p) { return !(*lineage)[p]; });
    }
    if (ways.size() > 1) return AmbiguousWalk(graph_, at, ways, steps > 0);
    if (!ways.empty()) {
      at = {End::kRevision, ways[0]};
    } else if (steps < 0 && at.end == End::kRevision) {
      at = {End::kBase};
    } else {
      return clamp ? at : Walked{End::kBeyond};
    }
  }
  return at;
}

bool Resolver::IsBelowHeads(const Expression& e) {
  return e.kind == Expression::Kind::kNothing && e.relative && *e.relative < 0;
}

Result<std::vector<Resolver::Walked>> Resolver::BelowHeads(const Expression& e) const {
  std::vector<Walked> ends;
  for (Position head : HeadsOf(graph_, Follow::kAll)) {
    auto labels = e.branch.empty() ? std::vector<std::string>{e.branch} : LabelsAt(graph_, head);
    if (std::find(labels.begin(), labels.end(), e.branch) == labels.end()) continue;
    ends.push_back(TRY(Walk(head, *e.relative)));
  }
  return ends;
}

std::vector<std::string> LabelsAt(const Graph& graph, Position revision) {
  Marks declare = AncestorsOf(graph, {revision}, Follow::kParents);
  Positions chain;
  for (Position p = revision; !IsBranching(graph, p) && graph.parents(p).size() < 2;) {
    chain.push_back(p);
    if (graph.children(p).empty()) {
      for (Position above : chain) declare[above] = true;
      break;
    }
    p = graph.children(p)[0];
  }
  std::vector<std::string> labels;
  for (Position p : ToPositions(declare)) {
    for (std::string& label : graph.node(p).labels) labels.push_back(std::move(label));
  }
  return labels;
}

}  // namespace mig
