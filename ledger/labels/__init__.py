"""What is printed on a piece: its link with the code that opens its passport, as a QR symbol."""
