"""The performance core: the growing tree and what proves from it. The verifier is elsewhere and shares nothing."""
