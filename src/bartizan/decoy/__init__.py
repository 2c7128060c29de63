"""The decoy upstream: a process of its own that answers whoever is diverted, and writes down what they do."""
