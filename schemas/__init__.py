"""What coilmark promises to others: the specification, wire forms, Arrow schemas, body schemas and vectors."""
