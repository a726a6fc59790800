// A message as part of a name.
#pragma once

#include <string>
#include <string_view>

namespace mig {

// "Add a Price!" becomes "add_a_price": letters and digits of ASCII, at most 40, as Alembic cuts
// it, but between words where that can be.
std::string SlugOf(std::string_view message);

}  // namespace mig
