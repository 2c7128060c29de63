"""Devices: keys, proofs of them (RFC 9449 DPoP, DBSC), posture."""
