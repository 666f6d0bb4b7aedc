// kubectl payment version

#include "operator/cli/verbs.hpp"

namespace cli {

void add_version(Verbs& verbs) {
  verbs.add("version", "The version of this program", [](Session& session) -> base::Result<int> {
    session.console.print("kubectl-payment " PROJECT_VERSION "\n");
    return kExitDone;
  });
}

}  // namespace cli
