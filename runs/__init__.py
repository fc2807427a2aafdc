"""What a run is: its key, plan, reasons, summary and releases. Knows no Prefect."""
