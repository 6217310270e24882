"""Let the tests of the Euler problems share exact flows and small models."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
