"""Step 8: one device's decrypted model leaks; whose model, whose copy?"""
import json

from .processes import run


def attack(publisher, leaked):
    pruned = publisher.models / "leak_pruned.tflite"
    quantised = publisher.models / "leak_quantised.tflite"
    publisher.watermark("attack", "prune", "--model", leaked, "--fraction", "0.5",
                        "--out", pruned)
    publisher.watermark("attack", "quantise", "--model", pruned, "--bits", 8,
                        "--out", quantised)
    return quantised


def take(tools, config, out):
    """What a person with root on that device can do."""
    run([tools / "sotto-device", "export-model", "--config", config, "--out", out])
    return out


def verify(publisher, reference, suspect):
    code, text = publisher.watermark(
        "verify", "--model", suspect, "--key", publisher.key, "--registry",
        publisher.registry, "--reference", reference, "--json",
        "--html", publisher.out / "watermark_verify.html", ok=(0, 1, 2))
    return code, json.loads(text)


def trace(publisher, master, suspect, release, certificates):
    code, text = publisher.watermark(
        "trace", "--model", suspect, "--key", publisher.key, "--registry",
        publisher.registry, "--master", master, "--release", release,
        "--recipients", certificates, "--json", ok=(0, 1, 2))
    return code, json.loads(text)
