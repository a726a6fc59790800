// Errors as people read them.
#pragma once

#include <string>

#include "cli/render/style.h"
#include "mig/v1/run.pb.h"
#include "store/core/error.h"

namespace mig {

// "error: FILE:LINE:COLUMN: sentence [REASON]", then what the database said and the state it is in,
// where the details say so, then "hint: ...".
std::string RenderError(const Error& error, const Style& style);

// {"error":{"reason":...,"message":...,"hint":...,"details":{...}}} and a line end.
std::string RenderErrorJson(const Error& error);

// That of its reason; where a run that failed changed something, never the one of refusals, which
// says that nothing was.
int ExitStatusOf(const Error& error);

// The error inside an event, as one of ours.
Error ErrorOf(const v1::RunError& error);

}  // namespace mig
