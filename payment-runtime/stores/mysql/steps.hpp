// What each call of the store does on one connection: functions that block, take one transaction, and may be run again (see pool.hpp).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "payment-runtime/ports/store.hpp"
#include "payment-runtime/stores/mysql/connection.hpp"

namespace pay::stores::mysql {

Outcome<ports::Begun> begin(Connection& connection, const domain::Payment& payment);
Outcome<bool> move(Connection& connection, const domain::Step& step, const std::optional<ports::InboxEntry>& inbox);
Outcome<bool> record(Connection& connection, const ports::InboxEntry& entry);
Outcome<std::optional<domain::Payment>> find_by_business(Connection& connection, const std::string& business_no);
Outcome<std::optional<domain::Payment>> find_by_order(Connection& connection, const std::string& out_trade_no);
Outcome<std::vector<domain::Payment>> take(Connection& connection, base::TimePoint now, std::size_t limit);
Outcome<std::vector<domain::Payment>> list_paid(Connection& connection, const ports::Window& window, const ports::Cursor& after);
Outcome<std::vector<domain::Payment>> list_open(Connection& connection, const ports::Window& window, const ports::Cursor& after);
Outcome<bool> save(Connection& connection, const ports::ReconciliationRun& run);

}  // namespace pay::stores::mysql
