"""What every process that the supervisor starts is made of: its channel, its configuration, and its orders."""
