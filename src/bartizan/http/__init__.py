"""HTTP as data, free of sockets: headers, requests, responses, bodies, targets, error pages."""
