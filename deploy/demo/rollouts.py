"""Step 7: staged rollouts, and a broken release that reverts itself."""
import time

from .fleet import MODEL
from .processes import Failure


def start(fleet, control, treatment):
    # A tenth of two dozen devices is few: each arm gets two, of some ten images.
    arm = 2 if len(fleet.devices) >= 16 else 1
    return fleet.admin(
        "rollout", "start", "--model", MODEL, "--policy", "policy/quickstart.json",
        "--control", control, "--treatment", treatment, "--steps", "10,50,100",
        "--dwell-ms", 1500, "--guardrail", "error_rate:alpha=0.05,n=200,min=8",
        "--min-devices-per-arm", arm)


def follow(fleet, progress, timeout, on_step):
    """Polls until the rollout ends; returns its last status."""
    deadline = time.monotonic() + timeout
    seen = 0
    while True:
        status = fleet.admin("rollout", "status", "--model", MODEL)
        finished = [s for s in status["steps"] if s["verdict"]]
        for step in finished[seen:]:
            on_step(step)
        seen = max(seen, len(finished))
        progress.bar("rollout", status["step_bp"] // 100, 100, status["state"])
        if status["state"] in ("done", "reverted"):
            return status
        if time.monotonic() > deadline:
            raise Failure(f"the rollout is still {status['state']} at "
                          f"{status['step_bp'] / 100:.0f} % after {timeout} s")
        time.sleep(0.2)


def describe(step, release):
    """One row of the report from the coordinator's step."""
    arms = []
    for arm in step["arms"]:
        count = arm["count"].get("error_rate", 0)
        error = arm["mean"].get("error_rate", 0.0)
        arms.append({"name": arm["name"], "version": arm["release"],
                     "devices": arm["devices"], "count": count,
                     "accuracy": 1.0 - error if count else 0.0})
    return {"release": release, "step_bp": step["step_bp"], "verdict": step["verdict"],
            "evidence": step["evidence"], "seconds": step["seconds"], "arms": arms}
