//go:build tools

// Package tools names the engine this module pins, so that go.mod and go.sum stay complete.
package tools

import _ "github.com/open-policy-agent/opa"
