"""What can be graded: one file per subject, one table of them."""
