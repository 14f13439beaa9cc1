// Modules of which only files are wanted: definitions of volume snapshots, and the manifests of their controller.
module openstack-kubernetes.test/snapshots

go 1.26.0

require (
	github.com/kubernetes-csi/external-snapshotter/client/v8 v8.6.0
	github.com/kubernetes-csi/external-snapshotter/v8 v8.6.0
)
