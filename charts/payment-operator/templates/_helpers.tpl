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

{{/* Namespaces of a namespaced installation, space separated. */}}
{{- define "payment-operator.namespaces" -}}
{{ .Values.rbac.namespaces | default (list .Release.Namespace) | join " " }}
{{- end }}

{{/* Exactly the rights that the operator uses inside a namespace; tests/integration/operator runs it with just these. */}}
{{- define "payment-operator.rules" -}}
- apiGroups: [paymentplatform.io]
  resources: [paymentplatforms]
  verbs: [list, watch, patch]                 # patch: the finalizer of deletionPolicy Delete
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
  resources: [secrets]                         # the operator's own: listed and watched by this name, never changed
  resourceNames: [payment-generated]
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
