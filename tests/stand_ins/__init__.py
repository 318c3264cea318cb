"""Servers and values that take the place of the cloud services and of time, for every test."""
