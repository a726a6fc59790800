// The lines that divide a revision file: `-- mig:up transaction=off`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "store/core/result.h"
#include "store/core/revision_file.h"

namespace mig {

struct SectionMark {
  std::optional<SectionKind> kind;  // absent: `-- mig:irreversible why`
  SectionOptions options;
  std::string why;
};

// Whether the line starts with `-- mig:`.
bool IsSectionMark(std::string_view line);

// Whether somebody meant a mark and mistyped it: `--mig:up`, `-- Mig: up`, indented.
bool IsNearlySectionMark(std::string_view line);

// REQUIRES: IsSectionMark(line). Errors: kFileInvalid at the word in question.
Result<SectionMark> ParseSectionMark(std::string_view path, int number, std::string_view line);

// The line, with its line feed.
std::string WriteSectionMark(const SectionMark& mark);

}  // namespace mig
