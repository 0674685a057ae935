"""Settings that every test runs under."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ.setdefault(
    "TF_CPP_MIN_LOG_LEVEL", "3"
)  # TensorFlow's greetings, before anything imports it

# Random cases take their time on a busy machine; in CI they are the same on every run.
settings.register_profile("local", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "local")
