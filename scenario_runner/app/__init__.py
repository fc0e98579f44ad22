"""What the commands do, for the command line, Python and the web alike: composed here, once."""
