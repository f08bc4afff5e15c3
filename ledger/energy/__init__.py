"""Energy: who attested which watt-hours, whose they are, and which consumption they cover, as pure functions."""
