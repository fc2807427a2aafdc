"""Processes that answer: started, asked, replaced; and the images that wait for them."""
