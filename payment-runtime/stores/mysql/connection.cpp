#include "payment-runtime/stores/mysql/connection.hpp"

#include <array>
#include <cstring>
#include <fstream>
#include <iterator>

#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>

#include "common/base/assert.hpp"

namespace pay::stores::mysql {

namespace {

constexpr std::size_t kTextSlot = 256;               // bytes of a column that are fetched with its row; longer ones in a second step
constexpr std::size_t kPasswordFileMax = 4096;

// Server errors that this client's header does not name.
constexpr unsigned kErrorStatementTimeout = 1969;    // MariaDB: max_statement_time
constexpr unsigned kErrorQueryTimeout = 3024;        // MySQL: max_execution_time
constexpr unsigned kErrorReadOnlyMode = 1836;

Failure::Kind kind_of(unsigned code) {
  switch (code) {
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_UNKNOWN_HOST:
    case CR_IPSOCK_ERROR:
    case CR_SERVER_HANDSHAKE_ERR:
    case CR_MALFORMED_PACKET:
    case CR_COMMANDS_OUT_OF_SYNC:
    case ER_SERVER_SHUTDOWN:
    case ER_CONNECTION_KILLED:
    case ER_NET_READ_ERROR:
    case ER_NET_READ_INTERRUPTED:
    case ER_NET_ERROR_ON_WRITE:
    case ER_NET_WRITE_INTERRUPTED: return Failure::Kind::Lost;
    case ER_LOCK_DEADLOCK:
    case ER_LOCK_WAIT_TIMEOUT: return Failure::Kind::Collided;
    case ER_CON_COUNT_ERROR:
    case ER_TOO_MANY_USER_CONNECTIONS:
    case ER_DISK_FULL:
    case ER_RECORD_FILE_FULL:
    case ER_OPTION_PREVENTS_STATEMENT:
    case ER_QUERY_INTERRUPTED:
    case ER_OUT_OF_RESOURCES:
    case kErrorStatementTimeout:
    case kErrorQueryTimeout:
    case kErrorReadOnlyMode: return Failure::Kind::Away;
    case ER_ACCESS_DENIED_ERROR: return Failure::Kind::Denied;
    default: return Failure::Kind::Refused;
  }
}

MYSQL_TIME to_mysql_time(base::TimePoint at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss<std::chrono::microseconds> time{at - day};
  MYSQL_TIME result{};
  result.year = static_cast<unsigned>(static_cast<int>(date.year()));
  result.month = static_cast<unsigned>(date.month());
  result.day = static_cast<unsigned>(date.day());
  result.hour = static_cast<unsigned>(time.hours().count());
  result.minute = static_cast<unsigned>(time.minutes().count());
  result.second = static_cast<unsigned>(time.seconds().count());
  result.second_part = static_cast<unsigned long>(time.subseconds().count());
  result.time_type = MYSQL_TIMESTAMP_DATETIME;
  return result;
}

/// MYSQL_BIND structures that point into `parameters` and into times kept here.
class Binds {
 public:
  explicit Binds(const std::vector<Parameter>& parameters) : binds_(parameters.size()), times_(parameters.size()) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      MYSQL_BIND& bind = binds_[i];
      if (const auto* number = std::get_if<std::int64_t>(&parameters[i])) {
        bind.buffer_type = MYSQL_TYPE_LONGLONG;
        bind.buffer = const_cast<std::int64_t*>(number);  // NOLINT(cppcoreguidelines-pro-type-const-cast): the C interface only reads it
      } else if (const auto* text = std::get_if<std::string>(&parameters[i])) {
        bind.buffer_type = MYSQL_TYPE_STRING;
        bind.buffer = const_cast<char*>(text->data());  // NOLINT(cppcoreguidelines-pro-type-const-cast): as above
        bind.buffer_length = text->size();
      } else if (const auto* at = std::get_if<base::TimePoint>(&parameters[i])) {
        times_[i] = to_mysql_time(*at);
        bind.buffer_type = MYSQL_TYPE_DATETIME;
        bind.buffer = &times_[i];
      } else {
        bind.buffer_type = MYSQL_TYPE_NULL;
      }
    }
  }
  MYSQL_BIND* data() { return binds_.data(); }

 private:
  std::vector<MYSQL_BIND> binds_;
  std::vector<MYSQL_TIME> times_;
};

/// All rows of the result set that stands next in `statement`.
bool read_rows(MYSQL_STMT* statement, std::vector<Row>& rows) {
  const unsigned columns = mysql_stmt_field_count(statement);
  std::vector<std::array<char, kTextSlot>> slots(columns);
  std::vector<unsigned long> lengths(columns);
  std::vector<my_bool> nulls(columns);
  std::vector<my_bool> truncated(columns);
  std::vector<MYSQL_BIND> binds(columns);
  for (unsigned i = 0; i < columns; ++i) {
    binds[i].buffer_type = MYSQL_TYPE_STRING;
    binds[i].buffer = slots[i].data();
    binds[i].buffer_length = kTextSlot;
    binds[i].length = &lengths[i];
    binds[i].is_null = &nulls[i];
    binds[i].error = &truncated[i];
  }
  if (mysql_stmt_bind_result(statement, binds.data()) != 0) return false;
  while (true) {
    const int fetched = mysql_stmt_fetch(statement);
    if (fetched == MYSQL_NO_DATA) return true;
    if (fetched != 0 && fetched != MYSQL_DATA_TRUNCATED) return false;
    Row& row = rows.emplace_back(columns);
    for (unsigned i = 0; i < columns; ++i) {
      if (nulls[i] != 0) continue;
      std::string text(lengths[i], '\0');
      if (lengths[i] <= kTextSlot) {
        std::memcpy(text.data(), slots[i].data(), lengths[i]);
      } else {
        MYSQL_BIND whole{};
        unsigned long length = 0;
        my_bool null = 0;
        my_bool cut = 0;
        whole.buffer_type = MYSQL_TYPE_STRING;
        whole.buffer = text.data();
        whole.buffer_length = text.size();
        whole.length = &length;
        whole.is_null = &null;
        whole.error = &cut;
        if (mysql_stmt_fetch_column(statement, &whole, i, 0) != 0) return false;
      }
      row[i] = std::move(text);
    }
  }
}

}  // namespace

base::Result<base::Secret> read_password(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  if (!stream) return base::fail(base::Code::FailedPrecondition, "cannot read " + file.string() + "; is the Secret mounted with this key?");
  std::string text(kPasswordFileMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kPasswordFileMax) return base::fail(base::Code::FailedPrecondition, file.string() + " is too long for a password");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty()) return base::fail(base::Code::FailedPrecondition, file.string() + " is empty");
  return base::Secret{std::move(text)};
}

Outcome<Connection> Connection::open(const Endpoint& endpoint, const std::string& user, const base::Secret& password, Session session) {
  Connection connection;
  connection.handle_.reset(mysql_init(nullptr));
  MYSQL* const handle = connection.handle_.get();
  BASE_ASSERT(handle != nullptr);

  const auto seconds = [](std::chrono::seconds value) { return static_cast<unsigned>(value.count()); };
  const unsigned connect_timeout = seconds(kConnectTimeout);
  const unsigned statement_timeout = seconds(session.statement_timeout);
  const unsigned protocol = MYSQL_PROTOCOL_TCP;  // "localhost" would mean a socket file
  mysql_optionsv(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_timeout);
  mysql_optionsv(handle, MYSQL_OPT_READ_TIMEOUT, &statement_timeout);
  mysql_optionsv(handle, MYSQL_OPT_WRITE_TIMEOUT, &statement_timeout);
  mysql_optionsv(handle, MYSQL_OPT_PROTOCOL, &protocol);
  mysql_optionsv(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
  // The server gives up before we do, so that a slow statement is rolled back and known, not lost. Only MariaDB reads /*M! ... */.
  const std::string settings = fmt::format(
      "SET SESSION /*M! max_statement_time = {}, */ innodb_lock_wait_timeout = {}, time_zone = '+00:00', "
      "autocommit = 1, completion_type = 0, "
      "sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
      statement_timeout - 1, kLockWaitTimeout.count());
  mysql_optionsv(handle, MYSQL_INIT_COMMAND, settings.c_str());
  // What guards money is unique keys and compare-and-set; gap locks would only add deadlocks.
  mysql_optionsv(handle, MYSQL_INIT_COMMAND, "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED");

  const std::string secret{password.reveal()};  // the C interface wants a terminated string
  const unsigned long flags = CLIENT_MULTI_RESULTS | (session.many_statements ? CLIENT_MULTI_STATEMENTS : 0UL);
  if (mysql_real_connect(handle, endpoint.host.c_str(), user.c_str(), secret.c_str(),
                         endpoint.database.empty() ? nullptr : endpoint.database.c_str(), endpoint.port, nullptr, flags) == nullptr) {
    return tl::unexpected(connection.failure());
  }
  return connection;
}

Failure Connection::failure() const {
  const unsigned code = mysql_errno(handle_.get());
  return {kind_of(code), code, mysql_error(handle_.get())};
}

Outcome<MYSQL_STMT*> Connection::prepare(const char* sql) {
  if (const auto found = statements_.find(sql); found != statements_.end()) return found->second.get();
  Statement statement{mysql_stmt_init(handle_.get())};
  BASE_ASSERT(statement != nullptr);
  if (mysql_stmt_prepare(statement.get(), sql, std::strlen(sql)) != 0) {
    const unsigned code = mysql_stmt_errno(statement.get());
    return tl::unexpected(Failure{kind_of(code), code, mysql_stmt_error(statement.get())});
  }
  return statements_.emplace(sql, std::move(statement)).first->second.get();
}

Outcome<Answer> Connection::execute(const char* sql, const std::vector<Parameter>& parameters) {
  const Outcome<MYSQL_STMT*> prepared = prepare(sql);
  if (!prepared) return tl::unexpected(prepared.error());
  MYSQL_STMT* const statement = *prepared;
  BASE_ASSERT(mysql_stmt_param_count(statement) == parameters.size());

  const auto failed = [statement]() -> tl::unexpected<Failure> {
    const unsigned code = mysql_stmt_errno(statement);
    Failure failure{kind_of(code), code, mysql_stmt_error(statement)};
    mysql_stmt_free_result(statement);
    return tl::unexpected(std::move(failure));
  };
  Binds binds{parameters};
  if (!parameters.empty() && mysql_stmt_bind_param(statement, binds.data()) != 0) return failed();
  if (mysql_stmt_execute(statement) != 0) return failed();

  Answer answer;
  answer.affected = mysql_stmt_affected_rows(statement);
  bool first = true;
  int more = 0;
  do {  // a procedure answers with its result set and then with its status
    if (mysql_stmt_field_count(statement) > 0) {
      std::vector<Row> ignored;
      if (mysql_stmt_store_result(statement) != 0 || !read_rows(statement, first ? answer.rows : ignored)) return failed();
      first = false;
    }
    mysql_stmt_free_result(statement);
    more = mysql_stmt_more_results(statement) != 0 ? mysql_stmt_next_result(statement) : -1;
  } while (more == 0);
  if (more > 0) return failed();
  return answer;
}

Outcome<Answer> Connection::query(const std::string& sql) {
  if (mysql_real_query(handle_.get(), sql.data(), sql.size()) != 0) return tl::unexpected(failure());
  Answer answer;
  int more = 0;
  do {
    if (MYSQL_RES* const result = mysql_store_result(handle_.get()); result != nullptr) {
      answer.rows.clear();
      const unsigned columns = mysql_num_fields(result);
      while (MYSQL_ROW fetched = mysql_fetch_row(result)) {
        const unsigned long* const lengths = mysql_fetch_lengths(result);
        Row& row = answer.rows.emplace_back(columns);
        for (unsigned i = 0; i < columns; ++i) {
          if (fetched[i] != nullptr) row[i] = std::string{fetched[i], lengths[i]};
        }
      }
      mysql_free_result(result);
    } else {
      answer.affected = mysql_affected_rows(handle_.get());
    }
    more = mysql_next_result(handle_.get());
  } while (more == 0);
  if (more > 0) return tl::unexpected(failure());
  return answer;
}

std::string Connection::quote(std::string_view text) {
  std::string escaped(text.size() * 2 + 1, '\0');
  escaped.resize(mysql_real_escape_string(handle_.get(), escaped.data(), text.data(), text.size()));
  return "'" + escaped + "'";
}

}  // namespace pay::stores::mysql
