// Whether a request can be sent: the API has its texts in UTF-8.
#pragma once

#include "store/core/result.h"

namespace google::protobuf {
class Message;
}

namespace mig {

// Errors: kInvalidArgument where a text of `request` is not UTF-8; it is named, not shown, since it
// may be a secret. The daemon cannot read such a request, and answers as to a call that it does not
// know.
Result<void> CheckUtf8(const google::protobuf::Message& request);

}  // namespace mig
