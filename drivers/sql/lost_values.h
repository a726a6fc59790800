// Values that a MariaDB session alone knows, and that are lost with it: for whoever goes on with a
// script in another one, in which what the script had SET is set again.
//
// Lost are user variables that no SET assigned, as INTO and `:=` do; those that one assigned from
// what is another value there (LAST_INSERT_ID(), ROW_COUNT(), NEXTVAL(), UUID(), RAND(), other lost
// ones); and LAST_INSERT_ID() itself. Read off the tokens, pure.
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace mig {

class LostValues {
 public:
  // A statement that ran in the session that is gone; they come in order.
  void Ran(std::string_view statement);
  // The first lost value that a statement to come reads, such as `@id`; empty where there is none.
  // What it assigns is not lost for those behind it. They come in order.
  std::string ReadBy(std::string_view statement);

 private:
  std::set<std::string> lost_;  // in lower case
};

}  // namespace mig
