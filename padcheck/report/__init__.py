"""Reports as text and JSON: strings only, nothing is printed here."""
