"""The process above the workers: starts them, watches them, reloads and drains them, and answers operators."""
