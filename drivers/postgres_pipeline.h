// Many commands in about one round trip, each reported as it ends (libpq's pipeline mode,
// PostgreSQL documentation 34.5).
#pragma once

#include <span>

#include "drivers/postgres_connection.h"
#include "drivers/postgres_prepared.h"

namespace mig {

// Sends `first`, which is the session's own and not reported, and then the commands in order, those
// that are prompt followed by a request to flush the answers, with one synchronisation at the end.
// What is to be kept prepared is prepared on the way. Reads answers while it writes, so that
// neither side's full buffer can stop both. Once the connection is cancelled nothing more is sent,
// and kCancelled is answered where something was left. Semantics are Session::ExecuteAll's; a
// failure of `first` has no command_index. Leaves the connection out of pipeline mode, unless it is
// gone.
Result<void> RunPostgresPipeline(PostgresConnection& connection, std::span<const SqlCommand> first,
                                 std::span<const SqlCommand> commands, PostgresPrepared& prepared,
                                 const Session::CommandDone& done);

}  // namespace mig
