"""``python -m ncl_deepxde``."""

import sys

from .cli import main

sys.exit(main())
