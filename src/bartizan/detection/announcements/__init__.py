"""Where decoys are named: in robots.txt and OpenAPI documents, as paths that somebody forgot to take out."""
