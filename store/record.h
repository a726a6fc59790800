// A record: named fields as text, for the small values of the store (refs, moves, runs).
//
//     mig-<kind> 1\n
//     <field> <bytes of value> <value>\n      any number, fields may repeat
//
// A field's name is lower-case letters and `_`; a value is any bytes. The layout is part of the
// store's format (docs/formats.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/core/id.h"
#include "store/core/result.h"

namespace mig {

class Record {
 public:
  explicit Record(std::string_view kind) : kind_(kind) {}

  // Strict: Decode(kind, x)->Encode() == x for every x it accepts. Errors: kCorruption naming kind
  // and offset.
  static Result<Record> Decode(std::string_view kind, std::string_view bytes);
  std::string Encode() const;

  Record& Add(std::string_view field, std::string_view value);
  Record& Add(std::string_view field, std::uint64_t number);
  Record& Add(std::string_view field, const std::vector<Id>& ids);

  // The value of a field that occurs exactly once. Errors: kCorruption naming kind and field.
  Result<std::string> Text(std::string_view field) const;
  Result<std::uint64_t> Number(std::string_view field) const;
  // The values of all fields of this name, in order. Errors: kCorruption when one is not an id.
  Result<std::vector<Id>> Ids(std::string_view field) const;

 private:
  struct Field {
    std::string name;
    std::string value;
  };

  Error Bad(std::string_view field, std::string_view what) const;

  std::string kind_;
  std::vector<Field> fields_;
};

}  // namespace mig
