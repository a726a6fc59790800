// A message as part of a name.
#pragma once

#include <string>
#include <string_view>

namespace mig {

// Latin letters become those of ASCII that they are made of ("größer" becomes "grosser"), and marks
// that follow a letter are dropped; everything else stays.
std::string WithoutAccents(std::string_view text);

// "Add a Price!" becomes "add_a_price": letters and digits of ASCII, at most 40, as Alembic cuts
// it, but between words where that can be.
std::string SlugOf(std::string_view message);

}  // namespace mig
