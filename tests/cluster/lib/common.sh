# shellcheck shell=bash
# Where things lie, how we speak, and how we fail. Sourced by ../cluster.

CHECKOUT=$(cd "$HERE/../.." && pwd)
CACHE=${XDG_CACHE_HOME:-${HOME:?set HOME or XDG_CACHE_HOME}/.cache}/payment-operator

# One patch level for every Kubernetes component; equals the k8s.io/kubernetes line of go.mod.
KUBERNETES_VERSION=$(awk '$1 == "k8s.io/kubernetes" { sub(/^v/, "", $2); print $2; exit }' "$HERE/go.mod")
PAUSE_IMAGE=localhost/pause:3.10

POD_CIDR=10.244.0.0/16
SERVICE_CIDR=10.96.0.0/16
API_SERVICE_IP=10.96.0.1

EXIT_USAGE=2
EXIT_PRIVILEGES=3

STARTED_NS=$(date +%s%N)

# say TEXT...: one line of progress with the seconds since the start.
say() {
  local ms=$(( ($(date +%s%N) - STARTED_NS) / 1000000 ))
  printf '[%3d.%01ds] %s\n' $((ms / 1000)) $((ms % 1000 / 100)) "$*" >&2
}
warn() { printf 'cluster: %s\n' "$*" >&2; }
die() { warn "$*"; exit 1; }
usage_error() { warn "$*"; warn "see: ${0##*/} --help"; exit $EXIT_USAGE; }

# die_with_log LOGFILE TEXT...: what failed, where its log lies, and the log's last lines.
die_with_log() {
  local log=$1; shift
  warn "$*"
  if [ -s "$log" ]; then
    warn "log: $log; its last lines:"
    tail -n 15 "$log" | cut -c1-400 | sed 's/^/    /' >&2
  else
    warn "log: $log (empty)"
  fi
  exit 1
}

# need COMMAND PACKAGE: a missing program is named with the Debian package that brings it.
need() { command -v "$1" >/dev/null || die "$1 is missing: install the Debian package $2 (scripts/setup does)"; }

short_hash() { sha256sum | cut -c1-"${1:-12}"; }

# lock FILE TEXT: take an exclusive lock until this process ends; say TEXT while waiting. The descriptor is $LOCK_FD
# and must not be inherited by processes that outlive us (see start in process.sh).
lock() {
  mkdir -p "$(dirname "$1")"
  while true; do
    exec {LOCK_FD}>>"$1"
    flock -n "$LOCK_FD" || { say "$2"; flock "$LOCK_FD"; }
    # The former holder may have removed the file (down does): then we hold a lock on nothing, and try again.
    [ "$(stat -Lc %i "/proc/self/fd/$LOCK_FD")" != "$(stat -c %i "$1" 2>/dev/null)" ] || return 0
    exec {LOCK_FD}>&-
  done
}

# select_instance NAME: everything that belongs to one cluster.
#   RUN         its state: certificates, logs, configuration, etcd data, volumes
#   INSTANCE    unique on this machine: two checkouts may each have a "default"
#   KUBECONFIG_OUT  the administrator's kubeconfig inside the checkout
select_instance() {
  NAME=$1
  INSTANCE=$NAME-$(printf %s "$CHECKOUT" | short_hash 8)
  RUN=$CACHE/run/$INSTANCE
  if [ "$NAME" = default ]; then
    KUBECONFIG_OUT=$CHECKOUT/build/cluster/kubeconfig
  else
    KUBECONFIG_OUT=$CHECKOUT/build/cluster/$NAME/kubeconfig
  fi
}
