#include "cli/request_text.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <string>
#include <vector>

#include "store/core/source_text.h"

namespace mig {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// "the base directory"; of a map, the key of the value.
std::string WhatIs(const Message& message, const FieldDescriptor& field) {
  const auto* key = message.GetDescriptor()->map_key();
  if (key != nullptr && key != &field && key->type() == FieldDescriptor::TYPE_STRING)
    return message.GetReflection()->GetString(message, key);
  std::string name = field.name();
  std::ranges::replace(name, '_', ' ');
  return (field.is_repeated() ? "one of the " : "the ") + name;
}

Result<void> CheckField(const Message& message, const FieldDescriptor& field, int index) {
  const auto& reflection = *message.GetReflection();
  const bool repeated = field.is_repeated();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return CheckUtf8(repeated ? reflection.GetRepeatedMessage(message, &field, index)
                              : reflection.GetMessage(message, &field));
  }
  if (field.type() != FieldDescriptor::TYPE_STRING) return {};
  const std::string text = repeated ? reflection.GetRepeatedString(message, &field, index)
                                    : reflection.GetString(message, &field);
  if (!FindInvalidUtf8(text)) return {};
  return Error{Reason::kInvalidArgument,
               WhatIs(message, field) + " is not UTF-8",
               {},
               "arguments, variables of the environment, and the names of folders have to be"};
}

}  // namespace

Result<void> CheckUtf8(const Message& request) {
  std::vector<const FieldDescriptor*> fields;
  request.GetReflection()->ListFields(request, &fields);
  for (const FieldDescriptor* field : fields) {
    const int count = field->is_repeated() ? request.GetReflection()->FieldSize(request, field) : 1;
    for (int i = 0; i < count; ++i) TRY(CheckField(request, *field, i));
  }
  return {};
}

}  // namespace mig
