"""What the tests share. Nothing here imports a test."""
