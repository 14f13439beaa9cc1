{{/* Labels by which a part is found; they must never change, as a StatefulSet's and a Deployment's selectors cannot. */}}
{{- define "part" -}}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/name: {{ .part }}
{{- end }}

{{/* What Pod Security's level "restricted" asks of a container. */}}
{{- define "restricted" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
