//go:build tools

// Package kind pins the command that makes and deletes clusters.
package kind

import _ "sigs.k8s.io/kind"
