"""Speed beside peers, in one run on one machine: only ratios of a run count."""
