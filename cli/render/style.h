// Colours, or none; and what a terminal may be given.
#pragma once

#include <string>
#include <string_view>

namespace mig {

class Style {
 public:
  explicit Style(bool color = false) : Style(color, color) {}
  // `terminal`: what is written is for one, in a pager or not.
  Style(bool color, bool terminal) : color_(color), terminal_(terminal) {}

  bool color() const { return color_; }
  std::string Bold(std::string_view text) const { return Wrap("1", text); }
  std::string Dim(std::string_view text) const { return Wrap("2", text); }
  std::string Red(std::string_view text) const { return Wrap("31", text); }
  std::string Green(std::string_view text) const { return Wrap("32", text); }
  std::string Yellow(std::string_view text) const { return Wrap("33", text); }
  std::string Cyan(std::string_view text) const { return Wrap("36", text); }

  // Text of others, such as SQL: on a terminal as Printable() (printable.h), which pagers do not
  // see to. Files and pipes get it byte for byte.
  std::string Shown(std::string_view text) const;

 private:
  std::string Wrap(std::string_view code, std::string_view text) const;

  bool color_;
  bool terminal_;
};

}  // namespace mig
