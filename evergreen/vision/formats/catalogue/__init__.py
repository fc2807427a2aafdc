"""What is known of the formats without opening anything: who reads them, what they need, what is installed."""
