"""Runs commands, each in a forked process of its own, from one process that has imported them all already.

A line on standard input is an order. `{"arguments": [...], "env": {...}, "folder": ..., "input": ..., "out": ...,
"err": ...}` starts a command and is answered with `{"pid": n}`; `{"wait": n}` with `{"status": m}` once it has ended.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import sys
from typing import Any

import connector.cli
from tests import late_imports  # noqa: F401


def become(order: dict[str, Any]) -> None:
    """Be the command in this process. Ends as the command does."""
    os.setsid()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["env"])
    encoding = order["env"].get("PYTHONIOENCODING", "utf-8")
    for target, path, flags in (
        (0, order["input"], os.O_RDONLY),
        (1, order["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, order["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        descriptor = os.open(path, flags, 0o600)
        os.dup2(descriptor, target)
        os.close(descriptor)
    sys.stdin = os.fdopen(os.dup(0), encoding=encoding)
    sys.stdout = os.fdopen(os.dup(1), "w", encoding=encoding)
    sys.stderr = os.fdopen(os.dup(2), "w", encoding=encoding, buffering=1)
    connector.cli.main(order["arguments"], prog_name="amili-connector")


def main() -> None:
    """Carry out orders until standard input ends."""
    for module in pkgutil.iter_modules(connector.cli.__path__):
        if module.name != "__main__":
            importlib.import_module(f"connector.cli.{module.name}")
    # What is here now is shared with every command, so none of them need look through it.
    gc.collect()
    gc.freeze()
    print("{}", flush=True)
    for line in sys.stdin:
        order = json.loads(line)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)
            continue
        pid = os.fork()
        if pid == 0:
            become(order)
            return
        print(json.dumps({"pid": pid}), flush=True)


if __name__ == "__main__":
    main()
