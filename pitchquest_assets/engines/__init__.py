"""What calls out or loads weights, one module per vendor."""
