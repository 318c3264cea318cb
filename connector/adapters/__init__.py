"""The systems behind the ports: one module or package per vendor, none importing another."""
