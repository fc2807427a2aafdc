"""Which images without a label to label next: uncertain ones that stand for many others, and no two alike."""
