"""Steps 3 and 7: a model becomes a marked, sealed, signed release."""
import json

from .fleet import MODEL
from .processes import run, run_json


class Publisher:
    """The model owner: keeps the watermark key, publishes releases."""

    def __init__(self, tools, out, identities):
        self.tools, self.out, self.identities = tools, out, identities
        self.models = out / "models"
        self.owner = out / "owner"
        self.models.mkdir(parents=True, exist_ok=True)
        self.owner.mkdir(parents=True, exist_ok=True)
        self.key = self.owner / "watermark.key"
        self.registry = self.owner / "registry"

    def watermark(self, *arguments, ok=(0,)):
        return run([self.tools / "sotto-watermark", *arguments], ok=ok)

    def new_model(self, summary, seed, name):
        path = self.models / name
        run([self.tools / "sotto", "model", "new", "--arch", "cnn", "--input",
             f"{summary['height']}x{summary['width']}x1", "--classes",
             summary["classes"], "--seed", seed, "--out", path])
        return path

    def make_watermark_key(self):
        self.watermark("keygen", "--out", self.key, "--no-passphrase")

    def mark(self, model, name):
        """Registers `model` as it is before the mark, then embeds the mark."""
        marked = self.models / name
        self.watermark("register", "--model", model, "--key", self.key,
                       "--registry", self.registry)
        self.watermark("embed", "--model", model, "--key", self.key,
                       "--registry", self.registry, "--out", marked)
        return marked

    def publish(self, model, release, certificates):
        """One package a certificate; marked for it once there is an owner's key."""
        fingerprint = ["--fingerprint-key", self.key] if self.key.exists() else []
        return run_json(
            [self.tools / "sotto", "store", "publish", "--store", self.identities.store,
             "--keys", self.identities.keys, "--name", MODEL, "--release", release,
             "--version", release, "--model", model, *fingerprint,
             "--recipients", certificates, "--json"])

    def publish_plan(self, plan):
        run([self.tools / "sotto", "store", "publish-plan", "--store",
             self.identities.store, "--keys", self.identities.keys, "--plan", plan])

    def publish_policy(self, name, max_step_bp, min_dwell_ms):
        path = self.out / f"{name}.policy.json"
        path.write_text(json.dumps({"max_step_bp": max_step_bp,
                                    "min_dwell_ms": min_dwell_ms}) + "\n")
        run([self.tools / "sotto", "store", "publish-policy", "--store",
             self.identities.store, "--keys", self.identities.keys,
             "--name", name, "--policy", path])
