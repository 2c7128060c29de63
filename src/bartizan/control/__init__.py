"""The control process: pages and APIs of identity, behind the edge on a Unix socket."""
