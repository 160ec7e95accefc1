//go:build tools

// Package etcd pins the store of the cluster that the lab's node image holds.
package etcd

import _ "go.etcd.io/etcd/server/v3"
