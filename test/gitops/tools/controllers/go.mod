// Modules of which only files are wanted: the images that controllers start themselves.
module openstack-kubernetes.test/controllers

go 1.26.0

require github.com/tigera/operator v1.42.3
