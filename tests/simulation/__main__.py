"""Run fault schedules: `python -m tests.simulation --seeds 200`, or one again: `--seed 17 --verbose`."""

import argparse
import json
import sys
import time

from tests.simulation import schedule


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    parser.add_argument("--seeds", type=int, default=100, help="how many schedules, from seed 1 on (default: 100)")
    parser.add_argument("--seed", type=int, help="run this schedule alone")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default: 1)")
    parser.add_argument("--json", action="store_true", help="print a JSON object before the last line")
    parser.add_argument("--verbose", action="store_true", help="print every step")
    asked = parser.parse_args()
    seeds = [asked.seed] if asked.seed is not None else range(asked.first, asked.first + asked.seeds)
    begun = time.process_time()
    failed = []
    for seed in seeds:
        result = schedule.run(seed, verbose=asked.verbose)
        if result.violations:
            failed.append(result)
            report(result)
    seconds = time.process_time() - begun
    if asked.json:
        rows = [{"seed": result.seed, "violations": result.violations} for result in failed]
        rate = round(60 * len(seeds) / seconds, 1)
        print(json.dumps({"seeds": len(seeds), "cpu_seconds": round(seconds, 2), "per_minute": rate, "failed": rows}))
    print(f"{len(seeds) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def report(result: schedule.Result) -> None:
    print(f"seed {result.seed} broke {len(result.violations)} promises:")
    for violation in result.violations[:5]:
        print(f"  {violation}")
    print("  its last steps:")
    for line in result.trace[-12:]:
        print(f"    {line}")
    print(f"  again: python -m tests.simulation --seed {result.seed} --verbose", flush=True)


if __name__ == "__main__":
    sys.exit(main())
