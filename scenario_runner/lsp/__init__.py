"""The language server: ``app.editing`` over the Language Server Protocol, on pygls (extra ``lsp``)."""
