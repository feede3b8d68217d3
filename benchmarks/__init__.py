"""What is measured, side by side with peers; figures are ratios within one run."""
