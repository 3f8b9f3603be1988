"""What exists in Azure, and how it gets there."""
