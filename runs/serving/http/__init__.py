"""A service over HTTP: addresses, bodies, who may ask, what is counted, and the server."""
