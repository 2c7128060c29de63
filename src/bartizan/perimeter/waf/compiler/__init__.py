"""From a rule book to a program: lowering, folding of what never varies, and the gate of Hyperscan databases."""
