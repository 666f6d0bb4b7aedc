# shellcheck shell=bash
# Starting, finding and ending the cluster's processes. Sourced by ../cluster.
#
# There are no pid files. Every process that we start carries PAYMENT_OPERATOR_CLUSTER=<instance>/<component> in its
# environment and passes it to its children, so a process that has it is ours and no other process is, also after a
# crash, a reboot or a recycled pid.
MARK=PAYMENT_OPERATOR_CLUSTER

# pids_of COMPONENT: pids of a component of this instance, children included.
pids_of() { grep -lzxF -e "$MARK=$INSTANCE/$1" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 || true; }
# our_pids: pids of everything of this instance.
our_pids() { grep -lz -e "^$MARK=$INSTANCE/" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 || true; }
alive() { [ -n "$(pids_of "$1")" ]; }

# start COMPONENT COMMAND ARGS...: in the background, detached from this terminal, log in $RUN/log.
start() {
  local component=$1; shift
  local -a env=(env "$MARK=$INSTANCE/$component")
  local -a detach=(setsid --fork)
  if [ "$TIER" = node ] && [ "$component" != init ]; then
    in_node "${env[@]}" "${detach[@]}" "$@" >"$RUN/log/$component.log" 2>&1 </dev/null {LOCK_FD}>&-
  else
    "${env[@]}" "${detach[@]}" "$@" >"$RUN/log/$component.log" 2>&1 </dev/null {LOCK_FD}>&-
  fi
}

# wait_for COMPONENT SECONDS WHAT COMMAND...: until COMMAND succeeds; fails early when the component died.
wait_for() {
  local component=$1 seconds=$2 what=$3; shift 3
  local end=$((SECONDS + seconds)) log=$RUN/log/$component.log
  until "$@" >/dev/null 2>&1; do
    alive "$component" || die_with_log "$log" "$component died while the cluster waited for: $what"
    [ "$SECONDS" -lt "$end" ] || die_with_log "$log" "$what: not within $seconds s"
    sleep 0.1
  done
}


# kill_all: repeated, as a parent may have started a child meanwhile.
kill_all() {
  local pids deadline=$((SECONDS + 10))
  while pids=$(our_pids); [ -n "$pids" ]; do
    [ "$SECONDS" -lt "$deadline" ] || die "processes of the cluster do not end: $(tr '\n' ' ' <<<"$pids")"
    # shellcheck disable=SC2086
    kill -KILL $pids 2>/dev/null || true
    sleep 0.05
  done
}

# pick_ports VAR=PREFERRED...: sets each VAR to a free TCP port (PREFERRED when it is not 0 and free) and records them in $RUN/ports.
# The range lies outside the kernel's ephemeral ports and the NodePorts; ports of other instances that are starting count as taken.
pick_ports() {
  ( lock "$CACHE/run/.ports.lock" "waiting for another cluster that picks its ports"
    local taken pair port
    taken=" $( { ss -ltnH | awk '{ sub(/.*:/, "", $4); print $4 }'; cat "$CACHE"/run/*/ports 2>/dev/null | cut -d= -f2 || true; } | tr '\n' ' ') "
    : >"$RUN/ports.new"
    for pair in "$@"; do
      port=${pair#*=}
      while [ "$port" = 0 ] || [[ $taken == *" $port "* ]]; do port=$((20000 + RANDOM % 8000)); done
      taken+="$port "
      echo "${pair%%=*}=$port" >>"$RUN/ports.new"
    done
    mv "$RUN/ports.new" "$RUN/ports" )
  # shellcheck source=/dev/null
  . "$RUN/ports"
}
