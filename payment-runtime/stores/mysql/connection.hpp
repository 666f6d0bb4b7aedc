// One connection to the server: prepared statements, typed parameters, rows as text, failures by what they mean for a transaction.
// Belongs to one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <mysql.h>
#include <tl/expected.hpp>

#include "common/base/clock.hpp"
#include "common/base/result.hpp"
#include "common/base/secret.hpp"
#include "payment-runtime/stores/mysql/store.hpp"

namespace pay::stores::mysql {

struct Failure {
  enum class Kind {
    Lost,       // the connection is gone: a write may or may not have been committed
    Collided,   // deadlock or lock wait: rolled back, may be run again at once
    Away,       // the server refuses for now (full, read-only, shutting down, statement too slow): rolled back
    Denied,     // user or password
    Refused,    // the statement itself: a bug, or a schema of another release
  };
  Kind kind = Kind::Refused;
  unsigned code = 0;
  std::string message;
};
template <typename T>
using Outcome = tl::expected<T, Failure>;

using Parameter = std::variant<std::monostate, std::int64_t, std::string, base::TimePoint>;
using Row = std::vector<std::optional<std::string>>;

struct Answer {
  std::vector<Row> rows;        // of the first result set
  std::uint64_t affected = 0;
};

struct Session {
  std::chrono::seconds statement_timeout = kStatementTimeout;
  bool many_statements = false;   // query() takes a whole script
};

/// Content of a mounted secret without the line end that editors leave.
[[nodiscard]] base::Result<base::Secret> read_password(const std::filesystem::path& file);

class Connection {
 public:
  /// `database` may be empty (before it exists).
  static Outcome<Connection> open(const Endpoint& endpoint, const std::string& user, const base::Secret& password, Session session = {});

  /// Prepares `sql` on first use; `sql` must be a literal (statements are remembered by address).
  Outcome<Answer> execute(const char* sql, const std::vector<Parameter>& parameters);
  /// Text without parameters; with `many_statements`, several of them. Rows of the last result are returned.
  Outcome<Answer> query(const std::string& sql);

  /// `text` as a quoted SQL literal, for the few statements that take no parameters.
  [[nodiscard]] std::string quote(std::string_view text);

 private:
  struct CloseConnection {
    void operator()(MYSQL* handle) const { mysql_close(handle); }
  };
  struct CloseStatement {
    void operator()(MYSQL_STMT* statement) const { mysql_stmt_close(statement); }
  };
  using Statement = std::unique_ptr<MYSQL_STMT, CloseStatement>;

  Outcome<MYSQL_STMT*> prepare(const char* sql);
  [[nodiscard]] Failure failure() const;

  std::unique_ptr<MYSQL, CloseConnection> handle_;
  std::map<const char*, Statement> statements_;   // after handle_: closed before it
};

}  // namespace pay::stores::mysql
