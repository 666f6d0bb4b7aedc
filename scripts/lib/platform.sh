# shellcheck shell=bash
# What make demo and the end-to-end tests share: a cluster, the images in it, and the operator installed by Helm.
# Sourced from the root of the checkout. CLUSTER=embedded (default) or current; REGISTRY=host/path with current.
# MYSQL_IMAGE and REDIS_IMAGE: what platforms run when a cluster cannot pull the official ones. TAG: of our images, see choose_tag.

CLUSTER=${CLUSTER:-embedded}
CLUSTER_NAME=${CLUSTER_NAME:-default}
OPERATOR_NAMESPACE=payment-operator
MARK=${MARK:-payment-operator-demo}     # the label app.kubernetes.io/part-of of the namespaces that we make
OWN_IMAGES=(payment-operator payment-runtime)

die() { echo "${0##*/}: $*" >&2; exit 1; }
say() { printf '[%3d s] %s\n' "$SECONDS" "$*"; }

# The images by the names under which the cluster's nodes find them.
image_reference() {
  if [ "$CLUSTER" = current ]; then echo "$REGISTRY/$1:$TAG"; else echo "localhost/$1:$TAG"; fi
}

# Without TAG, one that changes with the programs: nodes keep an image that they have, so the same tag would run the old program.
choose_tag() {
  [ -z "${TAG:-}" ] || return 0
  local programs=("${OWN_IMAGES[@]/#/build/${PRESET:-release}/bin/}") old
  [ -x "${programs[0]}" ] && [ -x "${programs[1]}" ] || die "${programs[*]} are missing: make build"
  TAG=dev-$(cat "${programs[@]}" | sha256sum | cut -c1-12)
  for old in build/images/payment-*-dev-*.tar; do
    [[ $old == *-$TAG.tar ]] || rm -f "$old"
  done
}

# A node-tier cluster (the embedded one is called CLUSTER_NAME) with our images in it. Exit code 3: this machine cannot run one (no root).
platform_cluster_up() {
  choose_tag
  if [ "$CLUSTER" = current ]; then
    current_cluster_confirm
    push_images
    return
  fi
  [ "$CLUSTER" = embedded ] || die "CLUSTER is embedded or current, not '$CLUSTER'"
  local status=0
  tests/cluster/cluster images || return
  tests/cluster/cluster up --tier node --name "$CLUSTER_NAME" || status=$?
  [ "$status" -eq 0 ] || return "$status"
  # shellcheck disable=SC1090
  source <(tests/cluster/cluster env --name "$CLUSTER_NAME")
  TAG=$TAG scripts/images load --cluster "$CLUSTER_NAME" "${OWN_IMAGES[@]}"
}

current_cluster_confirm() {
  [ -n "${REGISTRY:-}" ] || die "CLUSTER=current needs REGISTRY=host/path, where the cluster's nodes can pull images from"
  for tool in kubectl helm skopeo; do
    command -v "$tool" >/dev/null || die "CLUSTER=current needs $tool on the PATH"
  done
  confirm "This pushes two images to $REGISTRY and installs the operator and a platform into"
}

# confirm WHAT: names the current cluster and asks; YES=1 answers.
confirm() {
  local context answer
  context=$(kubectl config current-context) || die "no current context; set KUBECONFIG or run kubectl config use-context"
  echo "$1 the cluster of context '$context' ($(kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}'))."
  [ "${YES:-}" = 1 ] && return
  read -r -p "Continue? [y/N] " answer
  [ "$answer" = y ] || [ "$answer" = Y ] || die "nothing was done"
}

push_images() {
  TAG=$TAG scripts/images build "${OWN_IMAGES[@]}"
  local name
  for name in "${OWN_IMAGES[@]}"; do
    skopeo copy --quiet "docker-archive:$(TAG=$TAG scripts/images path "$name")" "docker://$REGISTRY/$name:$TAG"
  done
}

# own_namespace NAME: made and marked with $MARK; one that exists without the mark is somebody else's, and nothing is done to it.
own_namespace() {
  local mark
  if mark=$(kubectl get namespace "$1" -o jsonpath='{.metadata.labels.app\.kubernetes\.io/part-of}' 2>/dev/null); then
    [ "$mark" = "$MARK" ] || die "namespace '$1' exists and was not made by this; remove it or use another cluster"
    return
  fi
  kubectl create namespace "$1" >/dev/null
  kubectl label namespace "$1" "app.kubernetes.io/part-of=$MARK" pod-security.kubernetes.io/enforce=restricted >/dev/null
}

# remove_own: what own_namespace and helm_install made. The platforms go first, while their operator still runs.
remove_own() {
  local mine
  mine=$(kubectl get namespaces -l "app.kubernetes.io/part-of=$MARK" -o jsonpath='{.items[*].metadata.name}')
  local name operators=''
  for name in $mine; do
    if [ "$name" = "$OPERATOR_NAMESPACE" ]; then operators=$name; else kubectl delete namespace "$name"; fi
  done
  [ -n "$operators" ] || return 0
  helm uninstall payment-operator --namespace "$OPERATOR_NAMESPACE" --ignore-not-found
  kubectl delete namespace "$OPERATOR_NAMESPACE"
  echo "The PaymentPlatform definition is kept; remove it by: kubectl delete crd paymentplatforms.paymentplatform.io"
}

# helm_install [more Helm arguments...]
helm_install() {
  local operator runtime databases=()
  operator=$(image_reference payment-operator) runtime=$(image_reference payment-runtime)
  if [ "$CLUSTER" = embedded ]; then
    databases=(--set "mysqlImage=localhost/mariadb:10.11" --set "redisImage=localhost/redis:7")
  fi
  [ -z "${MYSQL_IMAGE:-}" ] || databases+=(--set "mysqlImage=$MYSQL_IMAGE")
  [ -z "${REDIS_IMAGE:-}" ] || databases+=(--set "redisImage=$REDIS_IMAGE")
  own_namespace "$OPERATOR_NAMESPACE"
  helm upgrade --install payment-operator charts/payment-operator --namespace "$OPERATOR_NAMESPACE" \
    --set "image.repository=${operator%:*}" --set "image.tag=$TAG" --set "runtimeImage=$runtime" --set test.namespace=payment \
    "${databases[@]}" --wait --timeout 2m "$@"
}

# forward NAMESPACE SERVICE PORT: prints a local URL that reaches the Service until this shell ends (forward_stop).
declare -a FORWARDS=()
forward() {
  local log
  log=$(mktemp)
  kubectl port-forward -n "$1" "service/$2" ":$3" >"$log" 2>&1 </dev/null &
  FORWARDS+=($!)
  local port='' tries
  for tries in $(seq 100); do
    port=$(sed -n 's/^Forwarding from 127.0.0.1:\([0-9]*\) .*/\1/p' "$log" | head -n 1)
    [ -z "$port" ] || break
    kill -0 "${FORWARDS[-1]}" 2>/dev/null || die "port-forward to $1/$2:$3 ended after $tries tries: $(cat "$log")"
    read -rt 0.1 <> <(:) || true
  done
  rm -f "$log"
  [ -n "$port" ] || die "port-forward to $1/$2:$3 did not start"
  # shellcheck disable=SC2034  # the answer, read by the caller
  FORWARD_URL=http://127.0.0.1:$port
}
forward_stop() { [ ${#FORWARDS[@]} -eq 0 ] || kill "${FORWARDS[@]}" 2>/dev/null || true; }
