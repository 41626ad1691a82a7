"""What a dataset is, and what its values mean: pure, no input or output, no clock."""
