#include "operator/cli/connection.hpp"

#include "operator/kube/transport_cpprest.hpp"

namespace cli {

kube::KubeconfigChoice choice_of(const Flags& flags) {
  kube::KubeconfigChoice choice = kube::default_kubeconfig();
  if (!flags.kubeconfig.empty()) choice = {.files = {flags.kubeconfig}};
  choice.context = flags.context;
  choice.may_exec = true;
  return choice;
}

base::Result<Cluster*> Connection::open(const Flags& flags) {
  if (cluster_ != nullptr) return cluster_.get();
  const auto config = kube::kubeconfig(choice_of(flags));
  if (!config) return base::fail(config.error());
  kube::initialize_transport(*config);
  auto login = log_in(*config);
  if (!login) return base::fail(login.error());
  transport_ = std::make_unique<RenewedTransport>(loop_, std::move(*login), [this, config = *config] { return log_in(config); });
  const std::string name_space = config->name_space.empty() ? "default" : config->name_space;
  cluster_ = std::make_unique<Cluster>(loop_, *transport_, pump_, config->server, name_space);
  return cluster_.get();
}

base::Result<Login> Connection::log_in(kube::ClientConfig config) {
  Login login;
  if (config.exec) {
    auto credential = ask_for_credential(config, asking_, loop_.clock());
    if (!credential) return base::fail(credential.error());
    config.token = std::move(credential->token);
    config.client_cert_pem = std::move(credential->certificate_pem);
    config.client_key_pem = std::move(credential->key_pem);
    login.expires = credential->expires;
  }
  auto transport = kube::make_cpprest_transport(std::move(config), loop_);
  if (!transport) return base::fail(transport.error());
  login.transport = std::move(*transport);
  return login;
}

}  // namespace cli
