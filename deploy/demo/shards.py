"""The data of the job: digits or an IDX folder, split by label over devices."""
import gzip
import random

from . import idx

EVAL_SHARE = 0.2  # of a device's own examples, never trained on


def load_digits(path):
    """Debian's digits.csv.gz: 64 pixels of 0..16 and a label a row."""
    images, labels = [], []
    with gzip.open(path, "rt") as rows:
        for row in rows:
            values = [int(float(v)) for v in row.strip().split(",")]
            if len(values) != 65:
                raise ValueError(f"{path}: a row has {len(values)} values, expected 65")
            images.append(bytes(min(255, v * 255 // 16) for v in values[:64]))
            labels.append(values[64])
    return images, labels, 8, 8


def load_folder(folder, limit=6000):
    """An MNIST-style folder; `limit` keeps the job within minutes."""
    images, labels, height, width = idx.read_split(folder, "train")
    return images[:limit], labels[:limit], height, width


def split_held_out(images, labels, share, rng):
    order = list(range(len(images)))
    rng.shuffle(order)
    cut = int(len(order) * (1 - share))
    pick = lambda part: ([images[i] for i in part], [labels[i] for i in part])
    return pick(order[:cut]), pick(order[cut:])


def dirichlet_by_label(labels, devices, alpha, rng, min_examples):
    """Index lists a device: each label's examples by Dirichlet(alpha) shares.

    Devices below `min_examples` are given single examples of the largest ones.
    """
    shards = [[] for _ in range(devices)]
    for label in sorted(set(labels)):
        members = [i for i, l in enumerate(labels) if l == label]
        rng.shuffle(members)
        draws = [rng.gammavariate(alpha, 1.0) for _ in range(devices)]
        total, start, cumulative = sum(draws), 0, 0.0
        for device, draw in enumerate(draws):
            cumulative += draw / total
            end = len(members) if device == devices - 1 else round(cumulative * len(members))
            shards[device] += members[start:end]
            start = end
    for shard in shards:
        while len(shard) < min_examples:
            shard.append(max(shards, key=len).pop())
        rng.shuffle(shard)
    return shards


def write_all(out, images, labels, height, width, devices, seed, alpha=0.5):
    """Writes held-out, central and per-device IDX folders; returns a summary."""
    rng = random.Random(seed)
    (train_x, train_y), (test_x, test_y) = split_held_out(images, labels, 0.2, rng)
    idx.write_split(out / "held_out", "test", test_x, test_y, height, width)
    shards = dirichlet_by_label(train_y, devices, alpha, rng, min_examples=10)
    central_x, central_y, sizes = [], [], []
    for number, shard in enumerate(shards):
        cut = max(2, round(len(shard) * EVAL_SHARE))
        parts = {"test": shard[:cut], "train": shard[cut:]}
        for split, part in parts.items():
            idx.write_split(out / f"device_{number:02d}", split,
                            [train_x[i] for i in part], [train_y[i] for i in part],
                            height, width)
        central_x += [train_x[i] for i in parts["train"]]
        central_y += [train_y[i] for i in parts["train"]]
        sizes.append(len(parts["train"]))
    idx.write_split(out / "central", "train", central_x, central_y, height, width)
    idx.write_split(out / "central", "test", test_x, test_y, height, width)
    return {"examples": len(images), "held_out": len(test_x),
            "train": len(central_x), "per_device": sizes,
            "height": height, "width": width, "classes": max(labels) + 1}
