# shellcheck shell=bash
# The control plane: etcd, API server, controller manager, scheduler, and kwok's simulated node. Sourced by ../cluster.
#
# $D and $B are the state and binaries folders as the component sees them (inside a node's mount namespace they have other
# names), $API the address of the API server, *_PORT the ports.

SIMULATED_NODE=simulated-0
# The cluster lives for minutes: no leader election, nothing waits for a disk, an HPA decides every 5 s, and the controller
# manager may ask as often as it likes (with its usual 20 requests a second, starting alone takes it 5 s).

start_etcd() {
  local p=$D/pki
  start etcd "$B/etcd" --name=etcd --data-dir="$D/etcd" --unsafe-no-fsync --log-level=warn \
    --listen-client-urls="https://127.0.0.1:$ETCD_PORT" --advertise-client-urls="https://127.0.0.1:$ETCD_PORT" \
    --listen-peer-urls="http://127.0.0.1:$ETCD_PEER_PORT" --initial-advertise-peer-urls="http://127.0.0.1:$ETCD_PEER_PORT" \
    --initial-cluster="etcd=http://127.0.0.1:$ETCD_PEER_PORT" \
    --cert-file="$p/etcd-server.crt" --key-file="$p/etcd-server.key" --trusted-ca-file="$p/etcd-ca.crt" --client-cert-auth
}

# What service accounts ask for is recorded (manifests/audit.yaml). CLUSTER_ADMISSION names further admission plugins, comma separated.
start_apiserver() { # BIND_ADDRESS
  local p=$D/pki
  cp "$HERE/manifests/audit.yaml" "$RUN/config/"
  start kube-apiserver "$B/kube-apiserver" \
    --etcd-servers="https://127.0.0.1:$ETCD_PORT" --etcd-cafile="$p/etcd-ca.crt" --etcd-certfile="$p/etcd-client.crt" --etcd-keyfile="$p/etcd-client.key" \
    --bind-address="$1" --secure-port="$API_PORT" --advertise-address="$ADVERTISED" \
    --tls-cert-file="$p/apiserver.crt" --tls-private-key-file="$p/apiserver.key" --client-ca-file="$p/ca.crt" \
    --authorization-mode=Node,RBAC --enable-admission-plugins="NodeRestriction${CLUSTER_ADMISSION:+,$CLUSTER_ADMISSION}" --allow-privileged=true \
    --audit-policy-file="$D/config/audit.yaml" --audit-log-path="$D/log/audit.jsonl" \
    --service-cluster-ip-range=$SERVICE_CIDR --service-account-issuer=https://kubernetes.default.svc.cluster.local \
    --service-account-signing-key-file="$p/sa.key" --service-account-key-file="$p/sa.pub" \
    --kubelet-client-certificate="$p/apiserver-kubelet-client.crt" --kubelet-client-key="$p/apiserver-kubelet-client.key" \
    --kubelet-certificate-authority="$p/ca.crt" --kubelet-preferred-address-types=InternalIP,Hostname \
    --requestheader-client-ca-file="$p/front-proxy-ca.crt" --requestheader-allowed-names=system:auth-proxy \
    --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group --requestheader-extra-headers-prefix=X-Remote-Extra- \
    --proxy-client-cert-file="$p/front-proxy-client.crt" --proxy-client-key-file="$p/front-proxy-client.key" --enable-aggregator-routing
}

start_controller_manager() {
  local p=$D/pki
  start kube-controller-manager "$B/kube-controller-manager" --kubeconfig="$p/controller-manager.conf" \
    --authentication-kubeconfig="$p/controller-manager.conf" --authorization-kubeconfig="$p/controller-manager.conf" \
    --use-service-account-credentials --service-account-private-key-file="$p/sa.key" --root-ca-file="$p/ca.crt" \
    --cluster-signing-cert-file="$p/ca.crt" --cluster-signing-key-file="$p/ca.key" --service-cluster-ip-range=$SERVICE_CIDR \
    --bind-address=127.0.0.1 --secure-port="$CONTROLLER_MANAGER_PORT" --leader-elect=false --flex-volume-plugin-dir="$D/flexvolume" \
    --horizontal-pod-autoscaler-sync-period=5s --kube-api-qps=200 --kube-api-burst=400
}

start_scheduler() {
  local p=$D/pki
  cat >"$RUN/config/scheduler.yaml" <<K
apiVersion: kubescheduler.config.k8s.io/v1
kind: KubeSchedulerConfiguration
clientConnection: {kubeconfig: $p/scheduler.conf}
leaderElection: {leaderElect: false}
K
  start kube-scheduler "$B/kube-scheduler" --config="$D/config/scheduler.yaml" --authentication-kubeconfig="$p/scheduler.conf" \
    --authorization-kubeconfig="$p/scheduler.conf" --bind-address=127.0.0.1 --secure-port="$SCHEDULER_PORT"
}

# kwok pretends to be a kubelet: pods on its node become Ready, Jobs complete, no container runs.
start_simulated_node() {
  start kwok "$B/kwok" --config="$B/kwok-stages.yaml" --kubeconfig="$D/pki/admin.conf" --manage-all-nodes=true --node-lease-duration-seconds=40 --node-ip="$ADVERTISED" --cidr=$POD_CIDR --server-address="127.0.0.1:$KWOK_PORT"
  as_admin apply -f - <<K
apiVersion: v1
kind: Node
metadata:
  name: $SIMULATED_NODE
  labels: {kubernetes.io/hostname: $SIMULATED_NODE, kubernetes.io/os: linux, kubernetes.io/arch: amd64, type: kwok}
  annotations: {kwok.x-k8s.io/node: fake}
status: {allocatable: {cpu: "32", memory: 256Gi, pods: "110"}, capacity: {cpu: "32", memory: 256Gi, pods: "110"}}
K
}

start_volumes() { # NODE [--simulated]
  as_admin apply -f "$HERE/manifests/storage.yaml"
  start volumes "$B/volumes" --kubeconfig="$D/pki/admin.conf" --dir="$D/volumes" --node="$1" "${@:2}"
}

# as_admin: kubectl on our cluster; what it prints goes to a log that failures show.
as_admin() {
  "$BIN/kubectl" --kubeconfig="$RUN/pki/admin.conf" "$@" >"$RUN/log/kubectl.log" 2>&1 || die_with_log "$RUN/log/kubectl.log" "kubectl $* failed"
}
# ask_api PATH: a cheap request as administrator (kubectl takes ten times longer to start).
ask_api() {
  curl -sf --max-time 2 --cacert "$RUN/pki/ca.crt" --cert "$RUN/pki/admin.crt" --key "$RUN/pki/admin.key" "https://$API:$API_PORT$1"
}
api_says() { ask_api "$1" | grep -q "$2"; }     # PATH PATTERN
node_ready() { ask_api "/api/v1/nodes/$1" | tr -d ' \n' | grep -q '"type":"Ready","status":"True"'; }
ready_replicas() { api_says "$1" '"readyReplicas": *[1-9]'; }   # PATH of a Deployment

up_control_plane() { # BIND_ADDRESS
  start_etcd
  start_apiserver "$1"
  wait_for kube-apiserver 90 "the API server answers" ask_api /readyz
  say "API server is ready"
}

up_api() {
  API=127.0.0.1
  ADVERTISED=$(ip -4 route get 192.0.2.1 2>/dev/null | sed -n 's/.* src \([0-9.]*\).*/\1/p')
  ADVERTISED=${ADVERTISED:-192.0.2.1}     # only published as the address of the Service "kubernetes"; loopback is refused there
  case $ADVERTISED in 127.*) ADVERTISED=192.0.2.1 ;; esac
  pick_ports API_PORT=0 ETCD_PORT=0 ETCD_PEER_PORT=0 CONTROLLER_MANAGER_PORT=0 SCHEDULER_PORT=0 KWOK_PORT=0
  make_pki none $API "$API_PORT"
  say "certificates are made"
  up_control_plane 127.0.0.1
}

up_control() {
  up_api
  start_controller_manager
  start_scheduler
  start_simulated_node
  start_volumes $SIMULATED_NODE --simulated
  wait_for kwok 60 "the simulated node is Ready" node_ready $SIMULATED_NODE
  wait_for kube-scheduler 60 "the scheduler is healthy" curl -ksf --max-time 2 "https://127.0.0.1:$SCHEDULER_PORT/healthz"
  wait_for volumes 30 "volumes exist" ask_api /api/v1/persistentvolumes/fast-ssd-11
  wait_for kube-controller-manager 60 "service accounts are made" ask_api /api/v1/namespaces/default/serviceaccounts/default
}
