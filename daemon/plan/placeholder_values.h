// What a target's configuration puts in the place of `${NAME}` in SQL, and how it is kept from
// being told: values go to the database alone (docs/placeholders.md).
#pragma once

#include <map>
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
using ValuesUsed = std::vector<ValueUsed>;  // by name

// `sql` with the values put in, as they are. Errors: kPlaceholderMissing with the details
// `placeholder` and `line`, from 1 within `sql`.
Result<std::string> WithValues(const PlaceholderValues& values, Dialect dialect,
                               std::string_view sql);

// Those that `sql` uses and that have a value, added to `used`.
void CollectUsed(const PlaceholderValues& values, Dialect dialect, std::string_view sql,
                 ValuesUsed& used);

// "NAME=digest NAME=digest", as mig_log has them.
std::string DigestsOf(const ValuesUsed& used);

// `text` with `${NAME}` where it tells a value, or a word of one: servers quote parts of
// statements. Words of less than four characters are hidden where they are the whole value.
std::string Concealed(std::string text, const ValuesUsed& used);
// Message, hint and details, but for those that name a place in a file.
Error Concealed(Error error, const ValuesUsed& used);

}  // namespace mig
