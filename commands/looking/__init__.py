"""Commands that look at what is there: runs, reports, recipes, reasons. They change nothing."""
