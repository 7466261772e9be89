"""Keep Python 3.11 alive under PySide6 6.12.

PySide6 6.12's wheels return None, True and False without taking a reference, as is right from Python
3.12 on, where they are immortal (PEP 683). On Python 3.11 every Qt call that returns nothing takes one
reference from None (a hundred `QObject.setObjectName` lower `sys.getrefcount(None)` by a hundred), until
the interpreter dies of it: "none_dealloc: deallocating None", after some thousand calls.
"""

from __future__ import annotations

import ctypes
import sys

# Far more than any run can take away, and far from the sign bit.
_PLENTY = 1 << 40


def keep_singletons_alive() -> None:
    """Give None, True and False so many references that they are never freed; only where they are mortal."""
    if sys.implementation.name != "cpython" or sys.version_info >= (3, 12) or sys.maxsize < 2**62:
        return
    for singleton in (None, True, False):
        # PyObject begins with ob_refcnt (Py_ssize_t) in release builds of CPython up to 3.11.
        count = ctypes.c_ssize_t.from_address(id(singleton))
        if count.value < _PLENTY:
            count.value += _PLENTY
