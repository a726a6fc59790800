// What a target's configuration puts in the place of `${NAME}` in SQL, and how it is kept from
// being told: values go to the database alone (docs/placeholders.md).
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/dialect.h"
#include "store/core/result.h"

namespace mig {

struct PlaceholderValues {
  std::map<std::string, std::string> values;  // by name
  std::string key;                            // secret; of the digests
  std::string target;                         // for messages
};

// One that a plan uses. The digest is keyed: it tells whether a value is the same as before, and
// nothing else to whoever has not the key.
struct ValueUsed {
  std::string name;
  std::string value;
  std::string digest;  // 32 hex digits
};
struct ValuesUsed {
  std::vector<ValueUsed> values;  // by name
  // Words of the text around the placeholders that look like one of the target's values or a part
  // of it, in lower case: they are no secrets.
  std::set<std::string, std::less<>> written = {};

  bool empty() const { return values.empty(); }
};

// `sql` with the values put in, as they are. Errors: kPlaceholderMissing with the details
// `placeholder` and `line`, from 1 within `sql`.
Result<std::string> WithValues(const PlaceholderValues& values, Dialect dialect,
                               std::string_view sql);

// Those that `sql` uses and that have a value, added to `used`, and the words around them.
void CollectUsed(const PlaceholderValues& values, Dialect dialect, std::string_view sql,
                 ValuesUsed& used);
// The words of a text that is no secret, a name, added likewise.
void CollectWritten(const PlaceholderValues& values, std::string_view text, ValuesUsed& used);

// "NAME=digest NAME=digest", as mig_log has them.
std::string DigestsOf(const ValuesUsed& used);

// `text` with `${NAME}` where it tells a value, or a part of one: servers quote parts of
// statements.
//
// A value is hidden wherever it stands, one of less than four characters as a word of its own. A
// part begins with a word of the value, ends with a word of the text, and has four characters or
// more; letters alone are a server's own words unless quotes, or an ellipsis, show that they were
// cut out of something. What stands within a word that is written elsewhere is shown: to hide it
// would tell those who know the file what the value is.
std::string Concealed(std::string text, const ValuesUsed& used);
// Message, hint and details, but for those that name a place or a choice in words of ours. Losses
// that nobody consented to are told without values to begin with, and are left as they are.
Error Concealed(Error error, const ValuesUsed& used);

}  // namespace mig
