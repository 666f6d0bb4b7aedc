# shellcheck shell=bash
# Builds every binary of the cluster from the one Go module beside us. Sourced by ../cluster.

KUBERNETES_COMMANDS=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy kubectl)
GO_PACKAGES=(
  "${KUBERNETES_COMMANDS[@]/#/k8s.io/kubernetes/cmd/}"
  go.etcd.io/etcd/server/v3               # builds as "server"; renamed below
  helm.sh/helm/v3/cmd/helm
  sigs.k8s.io/kwok/cmd/kwok
  sigs.k8s.io/metrics-server/cmd/metrics-server
  github.com/coredns/coredns
  ./netpol ./ingress ./volumes ./probe    # our own test equipment
)
# Files of modules that are needed at run time, copied beside the binaries: kwok's rules for nodes and pods.
KWOK_STAGES=(node/fast/node-initialize pod/fast/pod-{ready,complete,delete})
# Go packages compiled by a cold build, for the progress line; being off by a few does no harm.
GO_PACKAGES_TOTAL=2900

# Without the version flags /version is empty and Helm refuses charts with a kubeVersion.
go_ldflags() {
  local v=$KUBERNETES_VERSION major minor p flags="-s -w"
  major=${v%%.*}; minor=${v#*.}; minor=${minor%%.*}
  for p in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $p.gitVersion=v$v -X $p.gitMajor=$major -X $p.gitMinor=$minor -X $p.gitTreeState=clean"
    flags+=" -X $p.gitCommit=0000000 -X $p.buildDate=2026-01-01T00:00:00Z"
  done
  for p in helm.sh/helm/v3/pkg/chartutil helm.sh/helm/v3/pkg/lint/rules; do
    flags+=" -X $p.k8sVersionMajor=$major -X $p.k8sVersionMinor=$minor"
  done
  printf '%s' "$flags"
}

# The cache key: what is built, from which sources, how.
build_key() {
  { cd "$HERE" || return
    cat go.mod go.sum
    find . -name '*.go' -print0 | sort -z | xargs -0 cat
    go_ldflags; printf '%s\n' "${GO_PACKAGES[@]}" "${KWOK_STAGES[@]}"
  } | short_hash
}

# Set by the first caller: the binaries' folder of this checkout's sources.
TOOLS=$CACHE/cluster-$(build_key)
BIN=$TOOLS/bin

# go_progress: turns the names that `go build -v` prints into one line every 15 seconds; passes errors through.
go_progress() {
  local line n=0 next=$((SECONDS + 15))
  while IFS= read -r line; do
    case $line in
      "#"*|*" "*|*.go:*) printf '%s\n' "$line" >&2 ;;
      *) n=$((n + 1)) ;;
    esac
    [ "$SECONDS" -lt "$next" ] || { say "  $n of about $GO_PACKAGES_TOTAL packages"; next=$((SECONDS + 15)); }
  done
}

# find_go: Debian's Go is too old; scripts/setup puts a newer one into the cache.
find_go() {
  PATH=$CACHE/go/bin:$PATH:/usr/local/go/bin
  export PATH GOTOOLCHAIN=local CGO_ENABLED=0 GOFLAGS=-mod=readonly
  command -v go >/dev/null || die "Go is missing; scripts/setup installs it"
  (cd "$HERE" && go list -m) >/dev/null 2>&1 || die "$(go version) is older than tests/cluster/go.mod asks for; scripts/setup installs a newer one"
}

build_binaries() {
  [ ! -d "$BIN" ] || return 0
  find_go
  ( # a subshell, so that the lock ends with the build
    lock "$CACHE/build.lock" "another build of the cluster's binaries is running; waiting for it"
    [ ! -d "$BIN" ] || exit 0
    mkdir -p "$TOOLS"
    local log=$TOOLS/build.log out=$TOOLS/bin.partial
    rm -rf "$out"; mkdir "$out"
    cd "$HERE" || exit
    say "building Kubernetes $KUBERNETES_VERSION and its tools, once: 5 to 8 minutes on 2 idle cores"
    go mod download >"$log" 2>&1 || die_with_log "$log" "the Go modules could not be downloaded"
    say "modules downloaded"
    nice -n 5 go build -v -trimpath -gcflags=all=-dwarf=false -ldflags "$(go_ldflags)" -o "$out/" "${GO_PACKAGES[@]}" 2>&1 \
      | tee -a "$log" | go_progress || die_with_log "$log" "the build failed"
    mv "$out/server" "$out/etcd"
    local kwok stage
    kwok=$(go list -m -f '{{.Dir}}' sigs.k8s.io/kwok)
    for stage in "${KWOK_STAGES[@]}"; do cat "$kwok/kustomize/stage/$stage.yaml"; echo ---; done >"$out/kwok-stages.yaml"
    mv "$out" "$BIN"
    say "binaries are in $BIN ($(du -sh "$BIN" | cut -f1))"
  )
}

# The images a node-tier cluster cannot do without; scripts/images knows how to build and cache them.
CLUSTER_IMAGES=(pause coredns metrics-server probe mariadb redis)
build_images() { "$CHECKOUT/scripts/images" build "${CLUSTER_IMAGES[@]}" | { grep -v ' cached$' >&2 || true; }; }
