#include "store/core/revision_file.h"

#include "store/core/source_text.h"
#include "tests/fuzz/fuzz.h"

namespace mig {
namespace {

void CheckError(const Error& error) {
  if (error.reason == Reason::kLimitExceeded) return;
  Require(error.reason == Reason::kFileInvalid, "what cannot be read is FILE_INVALID");
  Require(std::stoi(error.details.at("line")) > 0, "lines count from 1");
  Require(std::stoi(error.details.at("column")) > 0, "columns count from 1");
  Require(error.message.find_first_of("\n\x1b") == std::string::npos,
          "a message is one plain line");
  Require(!FindInvalidUtf8(error.message + error.hint), "messages are UTF-8");
}

void CheckPlace(const RevisionFile& file, const Section& section) {
  if (section.sql.empty()) return;
  std::size_t at = 0;
  for (int line = 1; line < section.line; ++line) at = file.body.find('\n', at) + 1;
  Require(file.body.compare(at, section.sql.size(), section.sql) == 0, "SQL stands at its line");
}

}  // namespace

// Whatever is read can be written, and reads back the same; whatever is not is refused in good
// form.
void FuzzRevisionFile(std::string_view input) {
  const Result<RevisionFile> file = ParseRevisionFile("m/a.sql", input);
  if (!file) return CheckError(file.error());
  Require(*NormaliseText("m/a.sql", file->body) == file->body, "a body is normalised");
  for (const Section& section : file->sections) CheckPlace(*file, section);

  const Result<std::string> text = WriteRevisionFile(*file);
  if (!text)
    return Require(text.error().reason == Reason::kLimitExceeded, "what was read can be written");
  const Result<RevisionFile> again = ParseRevisionFile("a.sql", *text);
  Require(again.has_value(), "what was written can be read");
  Require(again->header == file->header, "the header reads back");
  Require(again->irreversible == file->irreversible, "the reason reads back");
  Require(*WriteRevisionFile(*again) == *text, "writing settles");
}

}  // namespace mig
