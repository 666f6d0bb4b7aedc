#include "controllers/component/context.hpp"

namespace controllers {

bool Context::wechat_simulated() const {
  const crds::Channels& channels = platform.spec.channels;
  return channels.wechat_pay.enabled && channels.wechat_pay.base_url.empty() && channels.simulator.enabled;
}

std::string Context::wechat_url() const {
  if (wechat_simulated()) return "http://" + name("channel-simulator") + ":9200";
  const std::string& given = platform.spec.channels.wechat_pay.base_url;
  return given.empty() ? "https://api.mch.weixin.qq.com" : given;
}

}  // namespace controllers
