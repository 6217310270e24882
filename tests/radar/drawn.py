"""What a figure holds, for the tests of figures."""

import matplotlib as mpl


def only(axes, kind):
    (found,) = [c for c in axes.collections if isinstance(c, kind)]
    return found


def texts(figure):
    return {text.get_text() for text in figure.findobj(mpl.text.Text)}
