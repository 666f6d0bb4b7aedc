# shellcheck shell=bash
# Certificates and kubeconfigs of one cluster, with openssl alone (EC P-256). Sourced by ../cluster.

make_ca() { # NAME COMMON_NAME
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=$2" \
    -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature \
    -keyout "$1.key" -out "$1.crt"
}

make_certificate() { # NAME CA SUBJECT EXTENDED_KEY_USAGE [SUBJECT_ALT_NAMES]
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$3" -keyout "$1.key" -out "$1.csr"
  { echo "keyUsage=critical,digitalSignature,keyEncipherment"
    echo "extendedKeyUsage=$4"
    [ -z "${5:-}" ] || echo "subjectAltName=$5"
  } >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial -days 3650 -out "$1.crt" -extfile "$1.ext"
  rm -f "$1.csr" "$1.ext"
}

make_kubeconfig() { # FILE SUBJECT SERVER
  make_certificate "$1" ca "$2" clientAuth
  cat >"$1.conf" <<K
apiVersion: v1
kind: Config
clusters: [{name: $NAME, cluster: {server: "$3", certificate-authority-data: $(base64 -w0 ca.crt)}}]
users: [{name: admin, user: {client-certificate-data: $(base64 -w0 "$1.crt"), client-key-data: $(base64 -w0 "$1.key")}}]
contexts: [{name: payment-operator-$NAME, context: {cluster: $NAME, user: admin}}]
current-context: payment-operator-$NAME
K
}

# make_pki NODE ADDRESS PORT: everything under $RUN/pki. ADDRESS is where the API server is reached from outside.
make_pki() {
  local node=$1 address=$2 port=$3
  ( umask 077; mkdir -p "$RUN/pki"; cd "$RUN/pki"
    make_ca ca kubernetes-ca
    make_ca front-proxy-ca front-proxy-ca
    make_ca etcd-ca etcd-ca
    openssl ecparam -name prime256v1 -genkey -noout -out sa.key
    openssl ec -in sa.key -pubout -out sa.pub
    local names="DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:kubernetes.default.svc.cluster.local"
    make_certificate apiserver ca /CN=kube-apiserver serverAuth "$names,DNS:localhost,IP:$address,IP:127.0.0.1,IP:$API_SERVICE_IP"
    make_certificate kubelet ca "/O=system:nodes/CN=system:node:$node" serverAuth "DNS:$node,IP:$address,IP:127.0.0.1"
    make_certificate apiserver-kubelet-client ca /O=system:masters/CN=kube-apiserver-kubelet-client clientAuth
    make_certificate front-proxy-client front-proxy-ca /CN=system:auth-proxy clientAuth
    make_certificate etcd-server etcd-ca /CN=etcd serverAuth,clientAuth "DNS:localhost,IP:127.0.0.1"
    make_certificate etcd-client etcd-ca /CN=apiserver-etcd clientAuth
    make_kubeconfig admin /O=system:masters/CN=admin "https://$address:$port"
    make_kubeconfig controller-manager /CN=system:kube-controller-manager "https://$address:$port"
    make_kubeconfig scheduler /CN=system:kube-scheduler "https://$address:$port"
    make_kubeconfig kubelet-client "/O=system:nodes/CN=system:node:$node" "https://$address:$port"
    make_kubeconfig kube-proxy /CN=system:kube-proxy "https://$address:$port"
  ) >"$RUN/log/pki.log" 2>&1 || die_with_log "$RUN/log/pki.log" "the cluster's certificates could not be made"
}
