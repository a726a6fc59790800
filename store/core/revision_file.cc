#include "store/core/revision_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "store/core/limits.h"
#include "store/core/names.h"
#include "store/core/revision_header.h"
#include "store/core/section_mark.h"
#include "store/core/source_text.h"

namespace mig {
namespace {

constexpr std::string_view kExtension = ".sql";
constexpr std::string_view kWhiteSpace = " \t\n\v\f";

// The lines of a text; the last one may lack its line feed.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  bool Next() {
    begin_ = number_ == 0 ? 0 : begin_ + line_.size() + 1;
    if (begin_ >= text_.size()) return false;
    line_ = text_.substr(begin_, text_.find('\n', begin_) - begin_);
    ++number_;
    return true;
  }
  std::string_view line() const { return line_; }
  int number() const { return number_; }
  std::size_t begin() const { return std::min(begin_, text_.size()); }  // its offset

 private:
  std::string_view text_;
  std::string_view line_;
  std::size_t begin_ = 0;
  int number_ = 0;
};

// Header lines and section marks are shown to people: nothing in them may steer a terminal.
Result<void> CheckPrintable(std::string_view path, int number, std::string_view line) {
  const auto found = std::find_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
  });
  if (found == line.end()) return {};
  return FileError(path, {number, static_cast<int>(found - line.begin()) + 1},
                   "a control character");
}

Result<std::string> NameFromPath(std::string_view path) {
  const std::string_view last = path.substr(path.rfind('/') + 1);
  if (!last.ends_with(kExtension)) {
    return FileError(path, {}, "a revision file's name ends in `.sql`");
  }
  const std::string_view name = last.substr(0, last.size() - kExtension.size());
  const Result<void> valid = CheckRevisionName(name);
  if (!valid) return FileError(path, {}, valid.error().message, HintOf(valid.error()));
  return std::string(name);
}

RevisionFile WithBody(std::string_view path, std::string body) {
  RevisionFile file;
  file.path = path;
  file.body = std::move(body);
  return file;
}

class Parser {
 public:
  Parser(std::string_view path, std::string text)
      : file_(WithBody(path, std::move(text))), lines_(file_.body) {}

  Result<RevisionFile> Parse();

 private:
  Result<void> ReadHeader();
  Result<void> ReadSections();
  Result<void> OpenSection();
  Result<void> CheckLine() const;
  void CloseSection();
  Error LimitExceeded(std::string_view what) const;
  Error Wrong(int column, std::string_view what, std::string hint = "") const {
    return FileError(file_.path, {lines_.number(), column}, what, std::move(hint));
  }

  RevisionFile file_;
  Lines lines_;
  bool open_ = false;              // the last mark opened a section, and was not `irreversible`
  std::size_t section_begin_ = 0;  // the offset of what follows that mark
};

Error Parser::LimitExceeded(std::string_view what) const {
  return Error{Reason::kLimitExceeded,
               fmt::format("{}:{}: {}", file_.path, lines_.number(), what),
               {{"file", file_.path}, {"line", std::to_string(lines_.number())}}};
}

Result<RevisionFile> Parser::Parse() {
  file_.name = TRY(NameFromPath(file_.path));
  TRY(ReadHeader());
  TRY(ReadSections());
  const bool has_up = std::any_of(file_.sections.begin(), file_.sections.end(),
                                  [](const auto& one) { return one.kind == SectionKind::kUp; });
  if (!has_up) {
    return FileError(file_.path, PlaceOf(file_.body, file_.body.size()), "there is no up section",
                     "a revision has a line `-- mig:up`, with SQL below it unless it is a merge");
  }
  return std::move(file_);
}

// Leaves `lines_` at the first section mark.
Result<void> Parser::ReadHeader() {
  HeaderReader reader(file_.path);
  while (lines_.Next() && !IsSectionMark(lines_.line())) {
    if (lines_.begin() + lines_.line().size() > kMaxHeaderBytes) {
      return LimitExceeded(fmt::format("the header has more than {} bytes", kMaxHeaderBytes));
    }
    TRY(CheckLine());
    TRY(CheckPrintable(file_.path, lines_.number(), lines_.line()));
    TRY(reader.Read(lines_.number(), lines_.line()));
  }
  file_.header = reader.header();
  file_.parents_line = reader.LineOf("parents");
  file_.depends_line = reader.LineOf("depends");
  file_.labels_line = reader.LineOf("labels");
  file_.aliases_line = reader.LineOf("aliases");
  return {};
}

Result<void> Parser::ReadSections() {
  if (lines_.begin() == file_.body.size()) return {};
  do {
    if (IsSectionMark(lines_.line())) {
      TRY(OpenSection());
    } else {
      TRY(CheckLine());
    }
  } while (lines_.Next());
  CloseSection();
  return {};
}

Result<void> Parser::OpenSection() {
  CloseSection();
  TRY(CheckPrintable(file_.path, lines_.number(), lines_.line()));
  const SectionMark mark = TRY(ParseSectionMark(file_.path, lines_.number(), lines_.line()));
  const bool has_down = std::any_of(file_.sections.begin(), file_.sections.end(),
                                    [](const auto& one) { return one.kind == SectionKind::kDown; });
  if (!mark.kind && file_.irreversible) return Wrong(8, "`irreversible` stands a second time");
  const bool irreversible = !mark.kind || file_.irreversible;
  if (irreversible && (has_down || mark.kind == SectionKind::kDown)) {
    return Wrong(8, "a revision has down sections or is irreversible, not both",
                 "take one of them out");
  }
  if (file_.sections.size() == kMaxSections) {
    return LimitExceeded(fmt::format("more than {} sections", kMaxSections));
  }
  open_ = mark.kind.has_value();
  if (!open_) {
    file_.irreversible = mark.why;
    return {};
  }
  section_begin_ = std::min(lines_.begin() + lines_.line().size() + 1, file_.body.size());
  file_.sections.push_back(Section{*mark.kind, mark.options, "", lines_.number() + 1});
  return {};
}

// A line that is no section mark.
Result<void> Parser::CheckLine() const {
  const std::string_view line = lines_.line();
  const std::size_t begin = std::min(line.find_first_not_of(kWhiteSpace), line.size());
  const int column = static_cast<int>(begin) + 1;
  if (IsNearlySectionMark(line)) {
    return Wrong(column, "this is nearly a section mark",
                 "a mark starts its line with exactly `-- mig:`, e.g. `-- mig:up`");
  }
  const bool below_irreversible = file_.irreversible && !open_;
  const std::string_view rest = line.substr(begin);
  if (below_irreversible && !rest.empty() && !rest.starts_with("--")) {
    return Wrong(column, "SQL below `-- mig:irreversible`", "there is nothing to run in it");
  }
  return {};
}

// Ends the open section where the current line begins.
void Parser::CloseSection() {
  if (!open_) return;
  open_ = false;
  std::string_view text =
      std::string_view(file_.body).substr(section_begin_, lines_.begin() - section_begin_);
  text = text.substr(0, text.find_last_not_of(kWhiteSpace) + 1);
  const std::size_t first = std::min(text.find_first_not_of(kWhiteSpace), text.size());
  const std::size_t line_start = text.rfind('\n', first) + 1;  // npos + 1 == 0
  Section& section = file_.sections.back();
  section.line += static_cast<int>(std::count(text.begin(), text.begin() + line_start, '\n'));
  section.sql = text.substr(line_start);
}

bool SameContent(const RevisionFile& a, const RevisionFile& b) {
  const auto same_section = [](const Section& x, const Section& y) {
    return x.kind == y.kind && x.options == y.options && x.sql == y.sql;
  };
  return a.name == b.name && a.header == b.header && a.irreversible == b.irreversible &&
         std::equal(a.sections.begin(), a.sections.end(), b.sections.begin(), b.sections.end(),
                    same_section);
}

}  // namespace

Result<RevisionFile> ParseRevisionFile(std::string_view path, std::string_view bytes) {
  std::string text = TRY(NormaliseText(path, bytes));
  return Parser(path, std::move(text)).Parse();
}

Result<RevisionFile> FileOf(const Revision& revision) {
  return ParseRevisionFile(fmt::format("{}{}", revision.name, kExtension), revision.body);
}

std::string WithParents(const RevisionFile& file, const std::vector<std::string>& parents) {
  constexpr std::string_view kMessage = "-- message:";
  RevisionHeader header;
  header.parents = parents;
  const std::string written = WriteHeader(header);
  // In place of the line that has them, else below the message, where new files have them.
  int line = file.parents_line;
  const bool replaces = line > 0;
  if (!replaces) line = std::string_view(file.body).starts_with(kMessage) ? 2 : 1;
  std::size_t at = 0;
  for (int number = 1; number < line; ++number) at = file.body.find('\n', at) + 1;
  std::string text = file.body;
  const std::size_t length = replaces ? file.body.find('\n', at) + 1 - at : 0;
  return text.replace(at, length, written);
}

Result<std::string> WriteRevisionFile(const RevisionFile& file) {
  std::string text = WriteHeader(file.header);
  const auto add = [&text](const SectionMark& mark, std::string_view sql) {
    if (!text.empty()) text += '\n';
    text += WriteSectionMark(mark);
    text += sql;
    if (!sql.empty()) text += '\n';
  };
  for (const Section& section : file.sections)
    add({section.kind, section.options, ""}, section.sql);
  if (file.irreversible) add({std::nullopt, {}, *file.irreversible}, "");

  // Reading it back is the one check that covers every value: a line break in a message would start
  // another header line.
  const Result<RevisionFile> read = ParseRevisionFile(file.name + std::string(kExtension), text);
  if (!read && read.error().reason == Reason::kLimitExceeded) return read.error();
  if (!read || !SameContent(file, *read)) {
    for (const auto& [key, value] :
         {std::pair("message", file.header.message), std::pair("author", file.header.author)}) {
      if (value.find_first_of("\r\n") == value.npos) continue;
      return Error{
          Reason::kInvalidArgument,
          fmt::format("the {} of a revision is one line, and this one holds a line break", key),
          {{"name", file.name}}};
    }
    return Error{
        Reason::kInvalidArgument,
        read ? fmt::format("the values for {}{} would read back as others", file.name, kExtension)
             : read.error().message,
        {{"name", file.name}},
        read ? "line breaks, blanks around a value and section marks in SQL cannot be written"
             : read.error().hint};
  }
  return text;
}

std::vector<const Section*> SectionsFor(const RevisionFile& file, SectionKind kind,
                                        Dialect dialect) {
  std::vector<const Section*> sections;
  for (const Section& section : file.sections) {
    if (section.kind == kind && section.options.dialect.value_or(dialect) == dialect) {
      sections.push_back(&section);
    }
  }
  return sections;
}

const Section* FindUnrendered(const RevisionFile& file, SectionKind kind, Dialect dialect) {
  for (const Section* section : SectionsFor(file, kind, dialect)) {
    if (!section->options.unrendered.empty()) return section;
  }
  return nullptr;
}

bool IsReversible(const RevisionFile& file, Dialect dialect) {
  return !SectionsFor(file, SectionKind::kDown, dialect).empty();
}

}  // namespace mig
