// Which settings of the database server are not free-form: what the operator renders itself, or what payments rely on.
#pragma once

#include <string>

namespace crds {

/// As CEL over a ManagedMysql, and what to say when it fails.
[[nodiscard]] std::string reserved_settings_rule();
[[nodiscard]] std::string reserved_settings_message();

/// One of the reserved names, with dashes or underscores: what the rule above refuses.
[[nodiscard]] bool names_reserved_setting(const std::string& name);

/// The same in any way that an option file understands: with loose_, skip_, enable_, disable_ or maximum_ before it, or abbreviated.
[[nodiscard]] bool is_reserved_setting(const std::string& name);

}  // namespace crds
