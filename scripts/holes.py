"""Plants holes: takes one guard of the approval engine out at a time, and requires that its tests notice.

scripts/holes.py TABLE FOLDER [NAME]…    all of the table, or those named; FOLDER is where the copy and its build go
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys

# What stands in the paths of tests about approvals.
ABOUT = ["approv", "re_reviews", "clock"]
# Random sequences take long, and are asked where no other test notices: the same ones each time, and as they were found.
RANDOM = "::model::"
SAME = {"PROPTEST_FAILURE_PERSISTENCE": "off", "PROPTEST_MAX_SHRINK_ITERS": "0", "PROPTEST_RNG_SEED": "21"}
COPIED = ["Cargo.toml", "Cargo.lock", "clippy.toml", "domain", "journal", "projections", "api", "tests", "bench", "policy", "data", "migrations"]


def fail(text):
    sys.exit(f"holes: {text}")


def cargo(folder, *more):
    command = ["cargo", "test", "--locked", "--quiet", "-p", "domain", "--lib", *more]
    environment = {**os.environ, **SAME, "CARGO_TARGET_DIR": str(folder / "target"), "CARGO_PROFILE_DEV_DEBUG": "0"}
    return subprocess.run(command, cwd=folder / "house", env=environment, capture_output=True, text=True)


def tests(folder):
    """The first run that fails, else the last one."""
    told = cargo(folder, "--", *ABOUT, "--skip", RANDOM)
    return told if told.returncode != 0 else cargo(folder, "--", RANDOM)


def copy(house):
    """New files, for cargo to look at: an older one would leave what was built of the last hole."""
    shutil.rmtree(house, ignore_errors=True)
    for name in COPIED:
        source = pathlib.Path(name)
        if source.is_dir():
            shutil.copytree(source, house / name, copy_function=shutil.copyfile)
        else:
            house.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, house / name)


def main(table, folder, *names):
    holes = json.loads(pathlib.Path(table).read_text(encoding="utf-8"))
    folder = pathlib.Path(folder).resolve()
    for hole in holes:
        text = pathlib.Path(hole["file"]).read_text(encoding="utf-8")
        if text.count(hole["guard"]) != 1:
            fail(f"{hole['name']}: its guard stands {text.count(hole['guard'])} times in {hole['file']}: mend the table")
    copy(folder / "house")
    whole = tests(folder)
    if whole.returncode != 0:
        fail(f"the tests fail before anything is taken out:\n{whole.stdout}{whole.stderr}")
    left = []
    for hole in holes:
        if names and hole["name"] not in names:
            continue
        file = folder / "house" / hole["file"]
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(hole["guard"], hole["without"]), encoding="utf-8")
        built = cargo(folder, "--no-run")
        if built.returncode != 0:
            fail(f"{hole['name']}: does not compile without it:\n{built.stderr}")
        tested = tests(folder)
        file.write_text(text, encoding="utf-8")
        failures = tested.stdout.rsplit("\nfailures:\n", 1)[-1].splitlines()
        noticed = [line.split("::")[-1] for line in failures if line.startswith("    ")]
        found = tested.returncode != 0 and noticed
        if not found:
            left.append(hole["name"])
        print(f"{hole['name']:<44} {'found by ' + noticed[0] if found else 'NOT FOUND'}", flush=True)
    if left:
        fail(f"{len(left)} holes were not found: {', '.join(left)}")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        fail("say the table and the folder; see the head of this file")
    main(*sys.argv[1:])
