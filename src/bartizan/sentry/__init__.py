"""The sentry: reads the journals of its machine, works out one risk per actor, and tells every edge process."""
