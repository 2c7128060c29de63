"""TLS towards clients: ClientHello and JA4, the handshake, certificates by name, the development authority."""
