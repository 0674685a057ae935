"""What a converter returns, whatever framework it is of, as a function on arrays.

1. `opened` tells by its class what it is, and imports nothing that is not needed to run it.
2. A layout is what the shapes declare; where they allow both, whoever asks has to say.
"""

from padcheck.frameworks.returned.functions import as_function, code_for, function_of
from padcheck.frameworks.returned.layouts import FIRST, LAST, Layout, Shape, layout_by
from padcheck.frameworks.returned.opening import Code, Opened, opened

__all__ = [
    "FIRST",
    "LAST",
    "Code",
    "Layout",
    "Opened",
    "Shape",
    "as_function",
    "code_for",
    "function_of",
    "layout_by",
    "opened",
]
