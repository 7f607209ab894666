"""Run both programs against a demo dock, and see that they are as good as they should be.

``python examples/dock/run.py FOLDER [PORT]``: the demo's data folder (`make run` has `.demo`) and port. Where no demo
is running there, one is started and ended again. Where one has just been started, its learnwares are waited for.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
BAR = 0.95
# Words in the names of the learnwares that the programs need, and how many there are.
NEEDED = {"iris": 2, "digits, above all": 4}
WAIT_SECONDS = 600


def main() -> int:
    folder, port = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "8088"
    address = f"http://127.0.0.1:{port}/api"
    if answers(address):
        if not (folder / "demo.json").exists():
            sys.exit(f"what answers at {address} is not the demo of {folder}")
        if not all_there(address):
            print("waiting until the demo's learnwares are verified", flush=True)
        ends = time.monotonic() + WAIT_SECONDS
        while not all_there(address):
            if time.monotonic() > ends:
                sys.exit("the demo's learnwares are not verified; what does the demo say, or `beimingwu doctor`?")
            time.sleep(1)
        return run_all(folder, address)
    # Everything is to be verified when the programs run, so it starts twice; the second time there is little to do.
    demo = [sys.executable, "-m", "beimingwu", "demo", "--data-dir", str(folder), "--port", port]
    subprocess.run([*demo, "--exit"], check=True)
    with subprocess.Popen([*demo, "--json"], stdout=subprocess.PIPE, text=True) as dock:
        try:
            lines = []
            for line in dock.stdout:
                lines.append(line)
                # The document ends with a line of its own.
                if line == "}\n":
                    break
            return run_all(folder, json.loads("".join(lines))["address"])
        finally:
            dock.terminate()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address.removesuffix("/api") + "/readyz", timeout=5) as answer:
            return answer.read() == b"OK"
    except (urllib.error.URLError, TimeoutError):
        return False


def all_there(address: str) -> bool:
    return all(how_many(address, words) >= count for words, count in NEEDED.items())


def how_many(address: str, words: str) -> int:
    query = urllib.parse.urlencode({"text": words, "limit": 1})
    with urllib.request.urlopen(f"{address}/v1/learnwares?{query}", timeout=30) as answer:
        return json.load(answer)["total"]


def run_all(folder: Path, address: str) -> int:
    people = json.loads((folder / "demo.json").read_text(encoding="utf-8"))["people"]
    user = next(one for one in people if one["part"] == "user")
    environment = {
        **os.environ,
        "LEARNWARE_BACKEND_HOST": address,
        "LEARNWARE_EMAIL": user["email"],
        "LEARNWARE_TOKEN": user["token"],
    }
    bad = 0
    for name in ("one_learnware", "several_learnwares"):
        done = subprocess.run(
            [sys.executable, str(HERE / f"{name}.py")], env=environment, stdout=subprocess.PIPE, text=True, check=False
        )
        accuracy = float(done.stdout) if done.returncode == 0 else 0.0
        print(f"{name}: accuracy {accuracy:.3f} (at least {BAR})", flush=True)
        bad += accuracy < BAR
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
