// The connection parameters of a MariaDB or MySQL url, and what its owner's environment adds to it.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "store/core/result.h"

namespace mig {

// `rest` is the url after its scheme, from the colon on. Percent escapes are decoded (RFC 3986,
// section 2.1). The answer has host, port, user, password and dbname as far as the url gives them,
// and of what follows `?`:
//
//   unix_socket (or socket), connect_timeout (seconds), sql_mode, ssl (0 or 1), ssl_ca, ssl_capath,
//   ssl_cert, ssl_key, ssl_cipher, ssl_verify_server_cert (0 or 1); a dash may stand for the
//   underscore. charset is accepted where it says utf8mb4 (or utf8), which is what every session
//   has.
//
// From the owner's environment, under names of their own since a file comes between the two:
// default_host (MYSQL_HOST), default_port (MYSQL_TCP_PORT), default_unix_socket (MYSQL_UNIX_PORT),
// default_password (MYSQL_PWD); and option_file, ~/.my.cnf, of which the groups that every client
// reads count: [client], [client-server], [client-mariadb].
//
// Errors: kUrlInvalid, without any value of the url.
Result<std::map<std::string, std::string>> ParseMariadbParameters(
    std::string_view rest, const std::map<std::string, std::string>& environment);

std::string RedactedMariadbUrl(const std::map<std::string, std::string>& parameters);

// A list of SQL modes without those under which quotes and backslashes mean something else, or the
// grammar is another one.
std::string WithoutReadingModes(std::string_view modes);

}  // namespace mig
