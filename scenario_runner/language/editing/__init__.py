"""What editors ask of a file that is being written: what can stand here, what this is, where it comes from.

Plain values without types of any protocol: the language server and the console's editor both ask here, by way of
``app.editing``. A text that is not whole yet is understood as far as it goes.
"""
