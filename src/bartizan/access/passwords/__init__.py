"""Passwords: hashing, policies, strength, block lists."""
