"""The park of the demo: parties that do not exist, and what they say of their metal from the mine to the customer.

Every name is invented. A `Plan` fixes what is to be made, from a seed and a number of coils; `story` lets the plants
speak, one file a plant, in the order in which their statements reach the ledger. The same for the same seed.
"""
