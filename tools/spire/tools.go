//go:build tools

// Package tools names what this module pins, so that go.mod and go.sum stay complete.
package tools

import (
	_ "github.com/spiffe/spire/cmd/spire-agent"
	_ "github.com/spiffe/spire/cmd/spire-server"
)
