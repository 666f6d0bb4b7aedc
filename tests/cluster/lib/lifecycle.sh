# shellcheck shell=bash
# up, down, status, env. Sourced by ../cluster.

components_of() { # TIER
  case $1 in
    api)     echo etcd kube-apiserver ;;
    control) echo etcd kube-apiserver kube-controller-manager kube-scheduler kwok volumes ;;
    node)    echo init containerd etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy netpol ingress volumes ;;
  esac
}

# running_tier: the tier of a cluster that came up completely, else nothing. $RUN/up is written as the last step of up.
running_tier() { sed -n 's/^tier=//p' "$RUN/up" 2>/dev/null || true; }
missing_components() { # TIER
  local c
  for c in $(components_of "$1"); do alive "$c" || echo "$c"; done
}

cluster_up() { # TIER
  TIER=$1
  need openssl openssl; need curl curl; need ss iproute2
  CGROUP=payment-operator-$INSTANCE
  if [ "$TIER" = node ]; then check_node_prerequisites; fi
  lock "$CACHE/run/.$INSTANCE.lock" "another command works on the cluster \"$NAME\"; waiting for it"
  build_binaries
  if [ "$TIER" = node ]; then build_images; fi

  local running missing
  running=$(running_tier)
  if [ -n "$running" ]; then
    missing=$(missing_components "$running" | tr '\n' ' ')
    if [ "$running" != "$TIER" ]; then
      say "the cluster \"$NAME\" runs as tier $running; starting it anew as tier $TIER (its objects are lost)"
    elif [ -n "$missing" ]; then
      say "of the cluster \"$NAME\" these no longer run: ${missing% }; starting it anew (its objects are lost)"
    elif ! grep -qsx "tools=$TOOLS" "$RUN/up"; then
      say "the cluster \"$NAME\" runs other binaries than this checkout's; starting it anew (its objects are lost)"
    else
      publish_kubeconfig
      say "the cluster \"$NAME\" is already up (tier $TIER); KUBECONFIG=$KUBECONFIG_OUT"
      return 0
    fi
  elif [ -e "$RUN" ]; then
    say "clearing what an interrupted run left in $RUN"
  fi
  clear_leftovers
  mkdir -p "$RUN"/{log,config,volumes,etcd,flexvolume}
  chmod 700 "$RUN" "$RUN/etcd"
  D=$RUN B=$BIN
  if [ "$TIER" = node ]; then make_cgroups; fi
  "up_$TIER"
  publish_kubeconfig
  printf 'tier=%s\ntools=%s\napi=https://%s:%s\n' "$TIER" "$TOOLS" "$API" "$API_PORT" >"$RUN/up"
  say "the cluster \"$NAME\" is up (tier $TIER); KUBECONFIG=$KUBECONFIG_OUT"
}

publish_kubeconfig() {
  mkdir -p "$(dirname "$KUBECONFIG_OUT")"
  install -m 600 "$RUN/pki/admin.conf" "$KUBECONFIG_OUT"
}

cluster_down() {
  CGROUP=payment-operator-$INSTANCE
  lock "$CACHE/run/.$INSTANCE.lock" "another command works on the cluster \"$NAME\"; waiting for it"
  if [ ! -e "$RUN" ] && [ -z "$(our_pids)" ]; then say "the cluster \"$NAME\" is not running"; else
    clear_leftovers
    say "the cluster \"$NAME\" is down"
  fi
  rm -f "$KUBECONFIG_OUT" "$CACHE/run/.$INSTANCE.lock"
  [ "$NAME" = default ] || rmdir "$(dirname "$KUBECONFIG_OUT")" 2>/dev/null || true
}

# clear_leftovers: ends this instance's processes and removes all that it made, whether it ran, was killed, or never came up.
clear_leftovers() {
  kill_all                       # the end of a node's init is the end of its containers, mounts, interfaces and iptables chains
  if [ -f "$RUN/subnet" ]; then
    use_subnet
    ip link del "$LINK" 2>/dev/null || true
  fi
  clear_cgroups
  # Only what lies on this file system: were a mount still there, it would be an error below, not a loss.
  rm -rf --one-file-system "$RUN" || die "$RUN could not be removed"
}

clear_cgroups() {
  local dir deadline=$((SECONDS + 10))
  for dir in $(cgroup_roots); do
    while [ -d "$dir" ]; do
      find "$dir" -depth -type d -exec rmdir {} \; 2>/dev/null || true
      [ -d "$dir" ] || break
      [ "$SECONDS" -lt "$deadline" ] || die "control group $dir cannot be removed; processes in it: $(find "$dir" -name cgroup.procs -exec cat {} + | tr '\n' ' ')"
      sleep 0.05
    done
  done
}

cluster_status() {
  local tier c pids rss total=0 ok=0
  tier=$(running_tier)
  if [ -z "$tier" ]; then echo "cluster \"$NAME\": down"; return 1; fi
  echo "cluster \"$NAME\": tier $tier, $(sed -n 's/^api=//p' "$RUN/up")"
  echo "  kubeconfig $KUBECONFIG_OUT"
  echo "  logs       $RUN/log"
  for c in $(components_of "$tier"); do
    pids=$(pids_of "$c")
    if [ -z "$pids" ]; then printf '  %-26s DEAD, see %s\n' "$c" "$RUN/log/$c.log"; ok=1; continue; fi
    rss=$(for p in $pids; do sed -n 's/^VmRSS:[[:space:]]*\([0-9]*\).*/\1/p' "/proc/$p/status" 2>/dev/null; done | awk '{ s += $1 } END { print int(s / 1024) }')
    printf '  %-26s %5d MiB  pid %s\n' "$c" "$rss" "$(tr '\n' ' ' <<<"$pids")"
    total=$((total + rss))
  done
  printf '  %-26s %5d MiB\n' total $total
  return $ok
}

cluster_env() {
  printf 'export PATH=%q:"$PATH"\n' "$BIN"
  printf 'export KUBECONFIG=%q\n' "$KUBECONFIG_OUT"
  printf 'export CLUSTER_AUDIT_LOG=%q     # one JSON object a line: every request of a service account\n' "$RUN/log/audit.jsonl"
  if [ "$(running_tier)" = node ]; then
    use_subnet
    printf 'export CLUSTER_NODE_IP=%s     # ingress on ports 80 and 443, NodePorts\n' "$NODE_IP"
    printf 'export CLUSTER_HOST_IP=%s     # this machine, as pods see it\n' "$HOST_IP"
    printf 'export CLUSTER_REGISTRIES=%q     # hosts.toml files of registries that the node may pull from\n' "$RUN/config/registries"
    printf 'export CLUSTER_INIT=%s     # the process that holds the node'\''s namespaces, for nsenter\n' "$(init_pid)"
  fi
}
