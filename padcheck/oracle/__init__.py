"""padcheck's own evaluation of an op, tap by tap: the reference every framework is held to.

Each axis becomes a table `(outputs, taps) -> input position`, with one extra position for "a
pad". The op is then a sum (or a maximum) over taps of gathered inputs. What a side does to the
arrays besides (`OpSpec.deviation`) is done before and after.
"""

from padcheck.oracle.deviations import OUTPUT_REARRANGEMENTS, power, restored_output, short
from padcheck.oracle.evaluation import MAX_ELEMENTS, MAX_WORK, check_size, evaluate, fits, work
from padcheck.oracle.expected import Expected, noise
from padcheck.oracle.sampling import Sample, sample_places
from padcheck.oracle.taps import interior_masks, tap_table

__all__ = [
    "MAX_ELEMENTS",
    "MAX_WORK",
    "OUTPUT_REARRANGEMENTS",
    "Expected",
    "Sample",
    "check_size",
    "evaluate",
    "fits",
    "interior_masks",
    "noise",
    "power",
    "restored_output",
    "sample_places",
    "short",
    "tap_table",
    "work",
]
