"""What tests share: real servers on free loopback ports, and a raw client."""
