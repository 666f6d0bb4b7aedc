#include "common/net/router.hpp"

#include "common/base/assert.hpp"

namespace net {
namespace {

constexpr std::size_t kSegmentsMax = 16;   // deeper paths match nothing

std::vector<std::string_view> split(std::string_view path) {
  std::vector<std::string_view> segments;
  while (!path.empty() && segments.size() <= kSegmentsMax) {
    path.remove_prefix(1);   // the slash
    const std::size_t end = path.find('/');
    segments.push_back(path.substr(0, end));
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end);
  }
  return segments;
}

bool is_parameter(std::string_view segment) { return segment.size() > 2 && segment.front() == '{' && segment.back() == '}'; }

}  // namespace

void Router::add(std::string_view method, std::string_view pattern, Handler handler, Admission admission) {
  BASE_ASSERT(!pattern.empty() && pattern.front() == '/');
  Route route{std::string{method}, std::string{pattern}, {}, std::move(handler), admission};
  for (const std::string_view segment : split(pattern)) route.segments.emplace_back(segment);
  for (const Route& other : routes_) BASE_ASSERT(other.method != route.method || other.pattern != route.pattern);
  routes_.push_back(std::move(route));
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  const std::vector<std::string_view> segments = split(path);
  Match match;
  for (std::size_t index = 0; index < routes_.size(); ++index) {
    const Route& route = routes_[index];
    if (route.segments.size() != segments.size()) continue;
    bool same = true;
    for (std::size_t i = 0; same && i < segments.size(); ++i) {
      same = is_parameter(route.segments[i]) ? !segments[i].empty() : route.segments[i] == segments[i];
    }
    if (!same) continue;
    if (route.method != wanted) {
      match.status = 405;
      match.allow += match.allow.empty() ? route.method : ", " + route.method;
      continue;
    }
    for (std::size_t i = 0; i < segments.size(); ++i) {
      if (!is_parameter(route.segments[i])) continue;
      auto value = percent_decode(segments[i]);
      if (!value) {
        match.status = 400;
        return match;
      }
      match.params.emplace_back(route.segments[i].substr(1, route.segments[i].size() - 2), std::move(*value));
    }
    match.route = &route;
    match.index = index;
    match.status = 200;
    return match;
  }
  return match;
}

}  // namespace net
