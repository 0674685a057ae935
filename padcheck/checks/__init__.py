"""The use cases: each asks for judgements and puts them into a report."""
