"""Which model a person means, what it answers, and the page that shows it."""
