// Package register registers the generators of a slim build.
package register

import _ "github.com/external-secrets/external-secrets/pkg/generator/fake"
