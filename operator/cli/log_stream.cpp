#include "operator/cli/log_stream.hpp"

#include <memory>
#include <optional>

namespace cli {

base::Status stream_log(Cluster& cluster, const LogOf& log, std::chrono::milliseconds at_most,
                        const std::function<void(std::string_view)>& piece) {
  kube::Request request;
  request.method = "GET";
  request.path = kube::path_of("v1", "pods", log.name_space, log.pod) + "/log?follow=true&container=" + kube::encode(log.container);
  request.accept = "*/*";
  const auto ended = std::make_shared<std::optional<base::Status>>();
  kube::StreamEvents events;
  events.opened = [] {};
  events.data = piece;
  events.ended = [ended](base::Status status) { *ended = std::move(status); };
  const std::unique_ptr<kube::Stream> stream = cluster.transport().open(std::move(request), std::move(events));
  if (!cluster.wait([ended] { return ended->has_value(); }, at_most)) return {};
  if (**ended) return {};
  return base::fail(cluster.told((*ended)->error(), "read the log of Pod " + log.pod));
}

}  // namespace cli
