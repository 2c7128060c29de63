"""Layer 3, zero trust: who somebody is, on which device, how recently proven, and what that allows."""
