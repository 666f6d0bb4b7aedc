#include "controllers/component/objects.hpp"

#include <algorithm>
#include <cctype>

#include "common/crypto/digest.hpp"

namespace controllers {

Object labels(const Context& ctx, const Part& part, const std::string& image) {
  Object labels = {
      {"app", part.app},
      {"app.kubernetes.io/name", part.app},
      {std::string(kInstanceLabel), ctx.platform.name},
      {"app.kubernetes.io/component", part.component},
      {"app.kubernetes.io/part-of", "payment-platform"},
      {std::string(kManagedByLabel), std::string(kManagedBy)},
  };
  if (const std::string tag = tag_of(image); !tag.empty()) labels[std::string(kVersionLabel)] = tag;
  return labels;
}

Object selector(const Context& ctx, const Part& part) { return {{"app", part.app}, {std::string(kInstanceLabel), ctx.platform.name}}; }

Object object_of(const Context& ctx, const char* api_version, const char* kind, const std::string& name, const Part& part,
                 const std::string& image, Owned owned) {
  Object object = {
      {"apiVersion", api_version},
      {"kind", kind},
      {"metadata", {{"name", ctx.name(name)}, {"namespace", ctx.platform.name_space}, {"labels", labels(ctx, part, image)}}},
  };
  if (owned == Owned::ByPlatform) {
    object["metadata"]["ownerReferences"] = Object::array({{{"apiVersion", crds::kApiVersion},
                                                            {"kind", crds::kKind},
                                                            {"name", ctx.platform.name},
                                                            {"uid", ctx.platform.uid},
                                                            {"controller", true},
                                                            {"blockOwnerDeletion", true}}});
  }
  return object;
}

Object service_account(const Context& ctx, const Part& part) {
  Object object = object_of(ctx, "v1", "ServiceAccount", part.app, part);
  object["automountServiceAccountToken"] = false;
  return object;
}

Object config_map(const Context& ctx, const Part& part, const std::string& key, const std::string& text) {
  Object object = object_of(ctx, "v1", "ConfigMap", part.app, part);
  object["data"] = {{key, text}};
  return object;
}

Object service(const Context& ctx, const std::string& name, const Part& part, const std::vector<Port>& ports) {
  Object object = object_of(ctx, "v1", "Service", name, part);
  object["spec"] = {{"selector", selector(ctx, part)}, {"ports", Object::array()}};
  for (const Port& port : ports) {
    object["spec"]["ports"].push_back({{"name", port.name}, {"port", port.number}, {"protocol", "TCP"}, {"targetPort", port.target}});
  }
  return object;
}

std::string repository_of(const std::string& image) {
  const std::string name = image.substr(0, image.find('@'));
  const auto colon = name.rfind(':');
  const bool tagged = colon != std::string::npos && name.find('/', colon) == std::string::npos;      // and not the port of a registry
  return tagged ? name.substr(0, colon) : name;
}

std::string tag_of(const std::string& image) {
  const std::string name = image.substr(0, image.find('@'));
  const std::size_t repository = repository_of(image).size();
  if (repository == name.size()) return {};
  std::string tag = name.substr(repository + 1);
  if (tag.size() > crds::kNameMax) tag.resize(crds::kNameMax);          // a label's value: at most 63, alphanumeric at both ends
  const auto edge = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; };
  while (!tag.empty() && edge(tag.back())) tag.pop_back();
  while (!tag.empty() && edge(tag.front())) tag.erase(tag.begin());
  return tag;
}

std::string short_hash(const std::string& text) { return crypto::sha256_hex(text).substr(0, 16); }

}  // namespace controllers
