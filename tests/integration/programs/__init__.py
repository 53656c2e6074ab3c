"""Programs that a test starts itself, each file in a place of its own: the stack and its tools, and the sandbox."""
