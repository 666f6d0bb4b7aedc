// A table of routes: method, pattern, handler. Patterns are made of whole segments, "/api/payment/query/{businessNo}".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/net/http.hpp"

namespace net {

enum class Admission : unsigned char {
  Bounded,   // counts towards the requests in flight; refused with 503 above the limit
  Always,    // probes and metrics: answered also under overload
};

struct Route {
  std::string method;
  std::string pattern;                  // the metric label `route`
  std::vector<std::string> segments;    // "{name}" for parameters
  Handler handler;
  Admission admission = Admission::Bounded;
};

class Router {
 public:
  void add(std::string_view method, std::string_view pattern, Handler handler, Admission admission = Admission::Bounded);

  struct Match {
    const Route* route = nullptr;   // null: see status
    std::size_t index = 0;          // of the route, for tables beside it
    int status = 404;               // 404, 405, or 400 for a wrongly encoded path
    std::string allow;              // for 405
    std::vector<std::pair<std::string, std::string>> params;
  };
  /// HEAD finds the route of GET.
  [[nodiscard]] Match find(std::string_view method, std::string_view path) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
};

}  // namespace net
