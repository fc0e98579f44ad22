"""The console: pages for people, rendered by the server. Each page is a module of ``pages/`` with its templates."""
