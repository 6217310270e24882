"""Let the tests of the fluid flow share the exact flow as a network."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
