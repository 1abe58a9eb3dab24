"""The embedded engine: the policy's WebAssembly module, its host, and the bundle it comes from."""
