"""Values and pure functions: what the connector knows, without any system it talks to."""
