// Command external-secrets is the External Secrets Operator's controller, built
// with only the providers that the harness uses.
package main

import "github.com/external-secrets/external-secrets/cmd"

func main() {
	cmd.Execute()
}
