// The `-- key: value` lines above a revision file's first section.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "store/core/result.h"
#include "store/core/revision_file.h"

namespace mig {

// Reads the lines one by one. Blank lines and a bare `--` are allowed between them, other comments
// are not: a mistyped key must not pass for one. `path` must outlive the reader.
class HeaderReader {
 public:
  explicit HeaderReader(std::string_view path) : path_(path) {}

  // Errors: kFileInvalid, kLimitExceeded.
  Result<void> Read(int number, std::string_view line);

  const RevisionHeader& header() const { return header_; }
  // The line of a key; 0: the key is absent.
  int LineOf(std::string_view key) const;

 private:
  Result<void> ReadValue(int number, std::string_view line, std::string_view key,
                         std::string_view value);

  std::string_view path_;
  RevisionHeader header_;
  std::map<std::string, int, std::less<>> lines_;
};

// The lines of everything in the header that is not empty, always in the same order.
std::string WriteHeader(const RevisionHeader& header);

}  // namespace mig
