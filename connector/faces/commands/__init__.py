"""The commands: one module each (or one per family), which adds them to the parser and runs them."""
