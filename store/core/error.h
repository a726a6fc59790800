// Every error a user or a program can meet: a closed set of reasons, one table that says what each
// means outside.
//
// A reason exists if and only if somebody could sensibly react to that one. Foreign error models
// (libpq, SQLite, RocksDB, gRPC) are translated into these in one file each; nothing recognises an
// error by its text, where the library has a code for it. docs/errors.md is generated from the
// table.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mig {

enum class Reason {
#define MIG_REASON(name, text, grpc_code, exit_status, hint) name,
#include "store/core/reasons.inc"
#undef MIG_REASON
};

// What a reason means outside of the process.
struct ReasonInfo {
  Reason reason;
  std::string_view text;  // stable, e.g. "MULTIPLE_HEADS"; travels in google.rpc.ErrorInfo
  int grpc_code;          // the numeric google.rpc.Code
  int exit_status;        // of `mig`
  std::string_view hint;  // what to do about it; may be empty
};

// All reasons, in the order of the table.
const std::vector<ReasonInfo>& AllReasons();
const ReasonInfo& InfoOf(Reason reason);
std::optional<Reason> ReasonFromText(std::string_view text);

// A failure, as a value. `message` is one sentence without a final full stop that names the thing
// and says why. `details` holds machine-readable facts under stable keys (file, line, column,
// sqlstate, statement, name, id, ...).
struct Error {
  Reason reason;
  std::string message;
  std::map<std::string, std::string> details = {};
  std::string hint = {};  // overrides the table's, e.g. with the exact command to run
};

// The error's own hint, else its reason's.
std::string HintOf(const Error& error);

}  // namespace mig
