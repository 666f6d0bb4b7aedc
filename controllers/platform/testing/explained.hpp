#pragma once

#include <map>
#include <set>
#include <string>

namespace controllers::test {

/// The reasons of docs/reference/conditions.md, and what each may stand on: types of conditions, "pendingChanges".
const std::map<std::string, std::set<std::string>>& explained_reasons();

}  // namespace controllers::test
