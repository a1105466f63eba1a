"""Runs a program for as long as the standard input stays open: `guard.py PROGRAM ARGUMENT…`.

The pipe closes when the tests end, however they end, so nothing is left running after them.
"""

import os
import signal
import subprocess
import sys
import threading

child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)


def watch():
    sys.stdin.buffer.read()
    os.killpg(child.pid, signal.SIGKILL)


threading.Thread(target=watch, daemon=True).start()
sys.exit(child.wait())
