"""From a graph to its windowed ops: attributes, what stands around them, specs and places."""
