// ports::Channel on WeChat Pay API v3, native pay, public-key mode. Safe from every shard; holds no state but its keys, which reload.
#pragma once

#include <memory>
#include <string>

#include "common/base/clock.hpp"
#include "common/base/rng.hpp"
#include "common/net/client.hpp"
#include "common/obs/metrics.hpp"
#include "payment-runtime/channels/wechat_v3/keys.hpp"
#include "payment-runtime/config/secrets.hpp"
#include "payment-runtime/ports/channel.hpp"

namespace pay::channels::wechat_v3 {

using ReloadingKeys = config::Reloading<Keys>;

struct WechatOptions {
  std::string base_url;      // without a trailing slash
  std::string notify_url;
  std::shared_ptr<ReloadingKeys> keys;
  obs::Metrics* metrics = nullptr;
};

/// What an answer of WeChat Pay's means, by the rules of ports/channel.hpp. `signed_by_them`: its signature holds.
[[nodiscard]] base::Error to_error(int status, std::string_view body, bool signed_by_them);

class WechatV3 final : public ports::Channel {
 public:
  [[nodiscard]] static base::Result<std::unique_ptr<WechatV3>> make(WechatOptions options, const base::Clock& clock, base::Rng& rng);
  ~WechatV3() override;

  [[nodiscard]] std::string_view name() const override { return "wechat"; }
  [[nodiscard]] std::string_view account() const override { return account_; }
  [[nodiscard]] domain::TimeZone bill_zone() const override;
  [[nodiscard]] std::chrono::hours bill_delay() const override;
  base::Task<base::Result<ports::Prepay>> create(ports::ChannelOrder order, base::Deadline deadline) override;
  base::Task<base::Result<ports::ChannelEvidence>> query(std::string out_trade_no, base::Deadline deadline) override;
  base::Task<base::Status> close(std::string out_trade_no, base::Deadline deadline) override;
  [[nodiscard]] base::Result<ports::VerifiedCallback> verify(const ports::RawCallback& callback, base::TimePoint now) const override;
  base::Task<base::Result<std::vector<ports::BillRow>>> bill(std::string day, base::Deadline deadline) override;

  struct Impl;

 private:
  WechatV3(std::shared_ptr<Impl> impl, std::string account);
  std::shared_ptr<Impl> impl_;
  std::string account_;   // of the start: another merchant is another set of payments, and needs a restart
};

}  // namespace pay::channels::wechat_v3
