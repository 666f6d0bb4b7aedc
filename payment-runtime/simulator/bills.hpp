// Bills of days: when they are there, what is in them, and what the control side has done to them. Thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "common/base/rng.hpp"
#include "payment-runtime/simulator/world.hpp"

namespace pay::simulator {

constexpr std::size_t kDaysMax = 366;         // that may be closed early or tampered with
constexpr std::size_t kDownloadsMax = 16;     // bills that wait to be fetched
constexpr auto kDownloadLife = std::chrono::minutes{5};
constexpr auto kBillReadyAt = std::chrono::hours{9};   // of the next morning
constexpr std::size_t kTamperMax = 1000;

struct TamperRequest {
  std::size_t drop = 0;
  std::size_t extra = 0;
  std::size_t alter = 0;
  std::uint64_t seed = 0;
};
struct Altered {
  std::string out_trade_no;
  std::int64_t from_minor = 0;
  std::int64_t to_minor = 0;
};
struct Tampered {
  std::vector<std::string> dropped;
  std::vector<Order> extra;
  std::vector<Altered> altered;
};

class Bills {
 public:
  enum class Availability { Ready, NotYet, NoTrade };

  Bills(World& world, base::Rng& rng) : world_(world), rng_(rng) {}

  /// The day's bill is there from now on.
  base::Status close(const std::string& day);
  /// Replaces what was done to this day before; all zero undoes it. Rows that are dropped and altered are different ones.
  base::Result<Tampered> tamper(const std::string& day, TamperRequest request);

  [[nodiscard]] Availability availability(const std::string& day) const;
  /// The file as WeChat Pay writes it (type SUCCESS).
  [[nodiscard]] std::string render(const std::string& day, const std::string& app_id, const std::string& mch_id) const;

  /// Keeps a file for one download address; the token.
  std::string offer(std::string content);
  [[nodiscard]] std::optional<std::string> take(const std::string& token) const;

 private:
  struct Download {
    std::string token;
    std::string content;
    base::TimePoint until;
  };

  World& world_;
  base::Rng& rng_;
  mutable std::mutex mutex_;
  std::set<std::string> closed_;
  std::map<std::string, Tampered> tampered_;
  std::deque<Download> downloads_;
};

}  // namespace pay::simulator
