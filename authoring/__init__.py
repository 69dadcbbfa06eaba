"""The authors' tools: environment, notebooks, exercises, drawings. Not part of the installed packages."""
