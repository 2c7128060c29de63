"""Layer 1: what keeps attackers out."""
