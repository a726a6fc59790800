#include "store/epochs.h"

namespace mig::epochs {

Result<std::string> Read(Kv& kv, const std::string& key) {
  const auto word = TRY(GetOne(kv, key));
  return word.value_or("");
}

Condition Unchanged(const std::string& key, const std::string& word) {
  return word.empty() ? Condition::Absent(key) : Condition::Equals(key, word);
}

Error Overtaken() {
  return {Reason::kRefMoved,
          "garbage was collected while this was going on",
          {},
          "repeat the command: what is missing is then sent again"};
}

}  // namespace mig::epochs
