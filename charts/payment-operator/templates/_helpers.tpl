{{- define "payment-operator.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "payment-operator.selector" -}}
app.kubernetes.io/name: payment-operator
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* Not app.kubernetes.io/managed-by=payment-operator: that value marks what the operator itself made. */}}
{{- define "payment-operator.labels" -}}
{{ include "payment-operator.selector" . }}
app.kubernetes.io/component: operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "payment-operator.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* What a schema could only refuse by quoting a pattern, in words. */}}
{{- define "payment-operator.validate" -}}
{{- range .Values.watchNamespaces }}
{{- include "payment-operator.validateNamespace" (list "watchNamespaces" .) }}
{{- end }}
{{- range .Values.namePrefixes }}
{{- if not (regexMatch "^[a-z][-a-z0-9]{0,29}$" .) }}
{{- fail (printf "namePrefixes: %q is no beginning of names; give one such as shop- (lower-case letters, digits and dashes, from a letter on, at most 30)" .) }}
{{- end }}
{{- end }}
{{- with .Values.test.namespace }}
{{- include "payment-operator.validateNamespace" (list "test.namespace" .) }}
{{- end }}
{{- if regexMatch "[\\s@]|:[^/]*$" .Values.image.repository }}
{{- fail (printf "image.repository: %q must be the image's name without a tag, such as registry.example.com/payment-operator; give the tag as image.tag" .Values.image.repository) }}
{{- end }}
{{- if not (regexMatch "^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$" .Values.image.tag) }}
{{- fail (printf "image.tag: %q is no tag; give one such as 0.1.0, or leave it empty for the chart's own version" .Values.image.tag) }}
{{- end }}
{{- range $value := list "runtimeImage" "mysqlImage" "redisImage" }}
{{- if not (regexMatch "^[a-zA-Z0-9._/:@-]+$" (get $.Values $value)) }}
{{- fail (printf "%s: %q is no image; give one such as registry.example.com/%s:1.0" $value (get $.Values $value) (trimSuffix "Image" $value)) }}
{{- end }}
{{- end }}
{{- end }}

{{/* (list PATH NAME) */}}
{{- define "payment-operator.validateNamespace" -}}
{{- if not (regexMatch "^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$" (last .)) }}
{{- fail (printf "%s: %q is no name of a namespace; give one such as payment-eu (lower-case letters, digits and dashes, at most 63)" (first .) (last .)) }}
{{- end }}
{{- end }}

{{/* Rights of the operator in one namespace, a Role and its binding: (dict "root" $ "namespace" NAMESPACE "name" NAME "rules" TEMPLATE) */}}
{{- define "payment-operator.grant" -}}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  labels: {{- include "payment-operator.labels" .root | nindent 4 }}
rules: {{- include .rules .root | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ .name }}
  namespace: {{ .namespace }}
  labels: {{- include "payment-operator.labels" .root | nindent 4 }}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: {{ .name }}}
subjects:
  - {kind: ServiceAccount, name: {{ include "payment-operator.name" .root }}, namespace: {{ .root.Release.Namespace }}}
{{- end }}

{{/* Not empty when the replicas choose a leader by a Lease. */}}
{{- define "payment-operator.elects" -}}
{{- if or .Values.leaderElection.enabled (gt (int .Values.replicas) 1) }}yes{{ end }}
{{- end }}

{{/* The Lease of leader election, in the release's namespace; create cannot be limited to a name. */}}
{{- define "payment-operator.leaderRules" -}}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ include "payment-operator.name" . }}]
  verbs: [get, patch]
{{- end }}

{{/* Exactly the rights that the operator uses where platforms live; tests/integration/operator runs it with just these. */}}
{{- define "payment-operator.rules" -}}
- apiGroups: [paymentplatform.io]
  resources: [paymentplatforms]
  verbs: [get, list, watch, patch]            # get: whoever begins to lead makes sure of the wish; patch: the finalizer of deletionPolicy Delete
- apiGroups: [paymentplatform.io]
  resources: [paymentplatforms/status]
  verbs: [patch]
- apiGroups: [paymentplatform.io]
  resources: [paymentplatforms/finalizers]    # children that block the deletion of their owner; asked for where admission enforces it
  verbs: [update]
- apiGroups: [""]
  resources: [secrets]                         # get: a user's Secret, by the name that the spec gives; create cannot be limited to a name
  verbs: [get, create]
- apiGroups: [""]
  resources: [secrets]                         # the operator's own: listed and watched by name, never changed
  resourceNames: [payment-generated{{ range .Values.namePrefixes }}, {{ . }}payment-generated{{ end }}]
  verbs: [list, watch, delete]
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
- apiGroups: [""]
  resources: [configmaps, services, serviceaccounts, persistentvolumeclaims]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [apps]
  resources: [deployments, statefulsets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [autoscaling]
  resources: [horizontalpodautoscalers]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [policy]
  resources: [poddisruptionbudgets]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [networking.k8s.io]
  resources: [ingresses]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create]
{{- end }}
