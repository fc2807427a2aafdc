"""Commands that look after champions, the store and this machine."""
