// Which known word somebody probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mig {

// The candidate nearest to `word`, by the edits (insert, delete, replace, swap of neighbours) that
// lead from one to the other ignoring case; empty when none is near: a word of two characters may
// be one edit away, of five two, of eight three. The first of equals wins. The answer views what
// `candidates` views.
std::string_view Nearest(std::string_view word, const std::vector<std::string_view>& candidates);

// "did you mean `users`?", or nothing: a hint for an Error.
std::string DidYouMean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace mig
