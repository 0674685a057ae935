"""Signals that hide nothing, read maps, and the exact comparison."""

from padcheck.probes.comparison import compare, equals, furthest, is_close, is_faint, strictly
from padcheck.probes.read_map import decode, expected_map, read_map_probe, read_map_spec
from padcheck.probes.signals import Probe, make_probe, probe_spec

__all__ = [
    "Probe",
    "compare",
    "decode",
    "equals",
    "expected_map",
    "furthest",
    "is_close",
    "is_faint",
    "make_probe",
    "probe_spec",
    "read_map_probe",
    "read_map_spec",
    "strictly",
]
