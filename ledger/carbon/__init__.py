"""Two accounts of carbon over one genealogy of mass, pure: what a process emitted (CBAM), and what a coil carries.

Streams become emissions by the formulas, hours and periods are shared over the windows of lot events, and what is
shared flows with the metal. The two accounts have types of their own (SPEC 12).
"""
