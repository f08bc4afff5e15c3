"""What readers are shown, checked again on its way out."""
