"""One module for each page; ``registry`` names them in the order of the navigation."""
