"""Commands that use a model: answers, and the page that gives them."""
