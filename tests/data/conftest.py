"""Let the tests of data share what they observe."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
