"""Lints charts with Helm's own library. Usage: lint.py LIBRARY CHART... Prints what Helm says of each, a line of JSON. What a chart
hands to `fail` is not an error while it is linted: Helm logs it, on standard error."""

import ctypes
import sys

helm = ctypes.CDLL(sys.argv[1])
helm.helm_sdkpy_last_error.restype = ctypes.c_char_p


def checked(code):
    if code != 0:
        sys.exit(helm.helm_sdkpy_last_error().decode())


handle = ctypes.c_ulonglong()
checked(helm.helm_sdkpy_config_create(b"secrets", None, None, b"{}", ctypes.byref(handle)))
for chart in sys.argv[2:]:
    said = ctypes.c_char_p()
    checked(helm.helm_sdkpy_lint(handle, chart.encode(), ctypes.byref(said)))
    print(said.value.decode(), flush=True)
