#include "store/core/revision.h"
#include "tests/fuzz/fuzz.h"

namespace mig {

// What decodes encodes to the very same bytes; what does not is corruption.
void FuzzCanonicalText(std::string_view input) {
  const Result<Revision> revision = DecodeRevision(input);
  if (!revision) {
    return Require(revision.error().reason == Reason::kCorruption,
                   "what cannot be decoded is CORRUPTION");
  }
  Require(CanonicalText(*revision) == input, "a decoded text encodes to itself");
}

}  // namespace mig
