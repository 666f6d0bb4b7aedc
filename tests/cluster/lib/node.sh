# shellcheck shell=bash
# A real node. Sourced by ../cluster.
#
# The node and its control plane live in a mount, a network and a process namespace of their own, held by one process "init".
# The machine's mounts, iptables, sysctls and ports are never touched; and when init ends, by `down` or by kill -9, the kernel
# ends every process of the node and takes mounts, interfaces and iptables chains with it. What can stay behind is a veth pair's
# host end (for a moment), control groups, and the state folder; clear_leftovers in lifecycle.sh removes them.
#
#   host  198.18.N.1 ---- veth ---- 198.18.N.2  node (API server :6443, ingress :80 and :443, NodePorts)
#                                     |-- bridge cni0 10.244.0.1 -- pods
# The host has routes to pods and ClusterIPs through the node. Pods reach the host's address, and nothing beyond it: the cluster is
# sealed, so a test cannot come to depend on the internet.

NODE=node-1
CRI_SOCKET=/run/containerd/containerd.sock      # inside the node's own /run

# --- may we? --------------------------------------------------------------------------------------------------------------

privileges_missing() { warn "the node tier needs $*; the tiers api and control work without"; exit $EXIT_PRIVILEGES; }

check_node_prerequisites() {
  [ "$(id -u)" = 0 ] || privileges_missing "root"
  unshare --mount --net --pid --fork true 2>/dev/null || privileges_missing "CAP_SYS_ADMIN (mount, network and process namespaces)"
  need containerd containerd
  need runc runc
  need iptables iptables
  need ip iproute2
  [ -x /usr/lib/cni/bridge ] || die "/usr/lib/cni/bridge is missing: install the Debian package containernetworking-plugins (scripts/setup does)"
  local module
  for module in overlay veth br_netfilter; do modprobe "$module" 2>/dev/null || true; done     # built in, loaded, or reported by what needs it
  local group
  for group in $(cgroup_roots); do
    [ -w "${group%/*}" ] || privileges_missing "a writable ${group%/*} (control groups)"
  done
}

# --- namespaces -----------------------------------------------------------------------------------------------------------

# init_pid: the process that holds the node's namespaces: pid 1 in there.
init_pid() {
  local p
  for p in $(pids_of init); do
    grep -qE '^NSpid:([[:space:]]+[0-9]+)+[[:space:]]1$' "/proc/$p/status" 2>/dev/null && [ "$(cat "/proc/$p/comm")" = bash ] && echo "$p" && return
  done
  return 1
}
in_node() { nsenter --target "$INIT_PID" --mount --net --pid -- "$@"; }

start_namespaces() {
  # shellcheck disable=SC2016  # expanded by the inner shell, which also reaps orphans
  start init unshare --mount --net --pid --fork --kill-child --mount-proc bash -c 'while :; do sleep infinity & wait $!; done'
  wait_for init 10 "the node's namespaces exist" init_pid
  INIT_PID=$(init_pid)
}

# prepare_node: inside the namespaces. Folders that Kubernetes programs insist on are private and empty; state and binaries get
# short names, because a unix socket's path may have 107 characters.
prepare_node() {
  in_node bash -euc '
    exec 5<"$1" 6<"$2"                      # reachable even if the folders below hide them
    mount --make-rshared /
    for dir in /run /var/lib /var/log; do mount -t tmpfs -o mode=755 tmpfs "$dir"; done
    mkdir /run/cluster /run/bin /run/lock /run/sysctl
    mount --no-canonicalize -o bind /proc/self/fd/5 /run/cluster
    mount --no-canonicalize -o bind /proc/self/fd/6 /run/bin

    # Neither containerd nor the kubelet can work on an overlay (a CI job inside a container): memory then.
    if [ "$(stat -f -c %T /run/cluster)" = overlayfs ]; then
      for dir in containerd kubelet volumes; do mkdir -p "/run/cluster/$dir"; mount -t tmpfs -o mode=755 tmpfs "/run/cluster/$dir"; done
    fi

    # The kubelet writes these machine-wide settings. It finds them as it wants them, and the machine keeps its own.
    for setting in vm.overcommit_memory=1 vm.panic_on_oom=0 kernel.panic=10 kernel.panic_on_oops=1 kernel.keys.root_maxkeys=1000000 kernel.keys.root_maxbytes=25000000; do
      name=${setting%=*}; file=/proc/sys/${name//./\/}
      [ ! -e "$file" ] || { echo "${setting#*=}" >"/run/sysctl/$name"; mount --bind "/run/sysctl/$name" "$file"; }
    done
    echo 1 >/proc/sys/net/ipv4/ip_forward   # from here on: settings of this network namespace alone
    if [ -e /proc/sys/net/bridge/bridge-nf-call-iptables ]; then echo 1 >/proc/sys/net/bridge/bridge-nf-call-iptables; fi
  ' prepare "$RUN" "$BIN" >"$RUN/log/prepare.log" 2>&1 || die_with_log "$RUN/log/prepare.log" "the node's file systems could not be prepared"
}

# choose_subnet: the first free 198.18.N.0/30 (a range reserved for tests) of this machine.
choose_subnet() {
  ( lock "$CACHE/run/.subnet.lock" "waiting for another cluster that picks its network"
    local n
    for n in $(seq 0 255); do
      [ -z "$(ip -4 route show "198.18.$n.0/30")" ] || continue
      ! grep -qsx "$n" "$CACHE"/run/*/subnet || continue
      echo "$n" >"$RUN/subnet"; exit 0
    done
    die "no free network in 198.18.0.0/16: too many clusters on this machine" )
  use_subnet
}
use_subnet() { # what follows from the recorded number
  local n; n=$(cat "$RUN/subnet")
  HOST_IP=198.18.$n.1; NODE_IP=198.18.$n.2; LINK=po-cluster-$n
}

connect_node() {
  { ip link add "$LINK" type veth peer name eth0 netns "$INIT_PID"
    ip addr add "$HOST_IP/30" dev "$LINK"
    ip link set "$LINK" up
    # ClusterIPs are translated by kube-proxy before they leave; the route through lo only gives such packets a way to start.
    in_node bash -euxc '
      ip link set lo up; ip addr add "$1/30" dev eth0; ip link set eth0 up
      ip route add "$2" dev lo src "$1"
      ip route add unreachable default' connect "$NODE_IP" "$SERVICE_CIDR"
  } >"$RUN/log/network.log" 2>&1 || die_with_log "$RUN/log/network.log" "the node's network could not be made"
  local cidr
  for cidr in $SERVICE_CIDR $POD_CIDR; do
    if [ -n "$(ip -4 route show "$cidr")" ] || ! ip route add "$cidr" via "$NODE_IP" dev "$LINK" 2>>"$RUN/log/network.log"; then
      say "note: this machine already has a route to $cidr: from here use port-forward, NodePorts or the ingress"
    fi
  done
}

# --- control groups -------------------------------------------------------------------------------------------------------

# cgroup_roots: where our group may lie: in every hierarchy of version 1, and in version 2's.
cgroup_roots() { awk -v group="$CGROUP" '$3 ~ /^cgroup2?$/ { print $2 "/" group }' /proc/self/mounts; }
make_cgroups() {
  local dir parent controller
  for dir in $(cgroup_roots); do
    parent=${dir%/*}
    mkdir -p "$dir"
    if [ -f "$parent/cgroup.subtree_control" ]; then     # version 2: pass every controller down; the kubelet names those it lacks
      for controller in $(cat "$parent/cgroup.controllers"); do echo "+$controller" >"$parent/cgroup.subtree_control" || true; done
    elif [ -f "$dir/cpuset.cpus" ]; then                  # version 1: a new group has no processors until it is given some
      cat "$parent/cpuset.cpus" >"$dir/cpuset.cpus"; cat "$parent/cpuset.mems" >"$dir/cpuset.mems"
    fi
  done
}

# --- containers -----------------------------------------------------------------------------------------------------------

start_containerd() {
  cat >"$RUN/config/containerd.toml" <<K
version = 2
root = "/run/cluster/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "$CRI_SOCKET"
[plugins."io.containerd.internal.v1.opt"]
  path = "/run/cluster/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$PAUSE_IMAGE"
  disable_apparmor = true
  # Where root lacks CAP_SYS_RESOURCE, lowering oom_score_adj fails and with it every pod ("can't get final child's PID from pipe: EOF").
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/run/cluster/config/cni"
  # A registry on the machine is described here while the cluster runs (HOST:PORT/hosts.toml); none is by default.
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "/run/cluster/config/registries"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
K
  mkdir -p "$RUN/config/cni" "$RUN/config/registries"
  cat >"$RUN/config/cni/10-bridge.conflist" <<K
{"cniVersion": "1.0.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": false, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "${POD_CIDR%.0.0/16}.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
K
  start containerd containerd --config /run/cluster/config/containerd.toml
}

import_image() { # TAR
  in_node ctr --address $CRI_SOCKET --namespace k8s.io images import - <"$1"
}

# import_images: the cluster's own, in the background of up, in the order in which they are needed.
import_images() {
  local image tar
  for image in "${CLUSTER_IMAGES[@]}"; do
    tar=$("$CHECKOUT/scripts/images" path "$image")
    import_image "$tar" || return 1
  done
}

cluster_load() { # TAR...
  TIER=node
  INIT_PID=$(init_pid) || die "no node-tier cluster \"$NAME\" is running; start one: tests/cluster/cluster up"
  local tar
  for tar in "$@"; do
    [ -s "$tar" ] || die "$tar does not exist"
    import_image "$tar" || die "containerd refused $tar; its log: $RUN/log/containerd.log"
  done
}

# --- the node -------------------------------------------------------------------------------------------------------------

start_kubelet() {
  echo "nameserver 192.0.2.53" >"$RUN/config/resolv.conf"    # for hostNetwork pods; nobody answers there: the cluster is sealed
  cat >"$RUN/config/kubelet.yaml" <<K
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
failCgroupV1: false
cgroupDriver: cgroupfs
cgroupRoot: /$CGROUP
containerRuntimeEndpoint: unix://$CRI_SOCKET
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $D/pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $D/pki/kubelet.crt
tlsPrivateKeyFile: $D/pki/kubelet.key
rotateCertificates: false
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
resolvConf: $D/config/resolv.conf
volumePluginDir: $D/flexvolume
podLogsDir: $D/log/pods
# Images are imported, never pulled: garbage collection would lose them for good, so disk pressure must not come early.
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: 100Mi, nodefs.available: "1%", imagefs.available: "1%", nodefs.inodesFree: "1%"}
failSwapOn: false
enforceNodeAllocatable: [pods]
serializeImagePulls: false
shutdownGracePeriod: 0s
syncFrequency: 10s
K
  start kubelet "$B/kubelet" --config="$D/config/kubelet.yaml" --kubeconfig="$D/pki/kubelet-client.conf" --node-ip="$NODE_IP" --hostname-override=$NODE --root-dir="$D/kubelet"
}

start_kube_proxy() {
  cat >"$RUN/config/kube-proxy.yaml" <<K
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: iptables
hostnameOverride: $NODE
clientConnection: {kubeconfig: $D/pki/kube-proxy.conf}
clusterCIDR: $POD_CIDR
detectLocalMode: ClusterCIDR
iptables: {minSyncPeriod: 100ms}
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
healthzBindAddress: 127.0.0.1:10256
metricsBindAddress: 127.0.0.1:10249
K
  start kube-proxy "$B/kube-proxy" --config="$D/config/kube-proxy.yaml"
}

up_node() {
  D=/run/cluster B=/run/bin
  API_PORT=6443 ETCD_PORT=2379 ETCD_PEER_PORT=2380 CONTROLLER_MANAGER_PORT=10257 SCHEDULER_PORT=10259     # its own network: no port can be taken
  choose_subnet
  API=$NODE_IP ADVERTISED=$NODE_IP
  start_namespaces
  prepare_node
  connect_node
  start_containerd
  local importing
  { wait_for containerd 30 "containerd answers" in_node ctr --address $CRI_SOCKET version && import_images; } >"$RUN/log/import.log" 2>&1 {LOCK_FD}>&- &
  importing=$!
  make_pki $NODE "$NODE_IP" $API_PORT
  say "the node's namespaces and certificates are made"
  up_control_plane 0.0.0.0
  start_controller_manager
  start_scheduler
  start_kubelet
  start_kube_proxy
  start netpol "$B/netpol" --kubeconfig="$D/pki/admin.conf"
  start ingress "$B/ingress" --kubeconfig="$D/pki/admin.conf" --publish="$NODE_IP"
  start_volumes $NODE
  as_admin apply -f "$HERE/manifests/coredns.yaml" -f "$HERE/manifests/ingress.yaml"
  wait $importing || die_with_log "$RUN/log/import.log" "the images could not be imported"
  say "images are imported"
  wait_for kubelet 90 "the node is Ready" node_ready $NODE
  say "node is Ready"
  wait_for volumes 30 "volumes exist" ask_api /api/v1/persistentvolumes/fast-ssd-11
  wait_for kube-controller-manager 60 "service accounts are made" ask_api /api/v1/namespaces/default/serviceaccounts/default
  wait_for kubelet 90 "cluster DNS is Ready" ready_replicas /apis/apps/v1/namespaces/kube-system/deployments/coredns
  # Last and not waited for: until it answers, some controllers' discovery of API groups fails and is repeated.
  as_admin apply -f "$HERE/manifests/metrics-server.yaml"
}
