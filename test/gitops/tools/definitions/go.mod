// Modules of which only files are wanted: definitions of custom resources, Helm charts, and Kubernetes' own OpenAPI document.
module openstack-kubernetes.test/definitions

go 1.26.0

require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/envoyproxy/gateway v1.9.1
	github.com/fluxcd/flux2/v2 v2.9.5
	github.com/fluxcd/helm-controller v1.6.4
	github.com/fluxcd/notification-controller v1.9.3
	github.com/prometheus-operator/prometheus-operator v0.93.1
	k8s.io/kubernetes v1.36.3
	sigs.k8s.io/metrics-server v0.9.0
)
