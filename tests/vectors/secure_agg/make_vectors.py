#!/usr/bin/env python3
"""Writes the vectors of SA-1 into this folder; the same bytes each time.

    python3 -m pip install cryptography
    tests/vectors/secure_agg/make_vectors.py [--check]

--check writes nothing and fails when the committed files differ. Protobuf
messages, keys and hashes are in hex. Independent of the repository's own code:
everything is from docs/protocol/secure_aggregation.md.
"""
import json
import pathlib
import re
import sys

import refused
import sa1
from session import (DEADLINE_MS, MODEL, NOW_MS, PLAN, ROUND, ROUND_ID, TASK,
                     Session)

HERE = pathlib.Path(__file__).resolve().parent
FIRST_LANES = 4


def plain(value):
    """Bytes as hex, all the way down."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return value


def pair_values(s, u, v):
    seed = s.pair_seed(u, v)
    return {"peer": v, "channel_key": s.channel(u, v),
            "share_of_mask_key": sa1.share_bytes(s.members[u]["of_s"][v + 1]),
            "share_of_self_mask": sa1.share_bytes(s.members[u]["of_b"][v + 1]),
            "plaintext": s.plaintext(u, v), "ciphertext": s.members[u]["sealed"][v],
            "pair_seed": seed, "first_lanes": stream_starts(s, seed)}


def stream_starts(s, seed):
    out = {}
    for spec in s.vectors:
        key = sa1.vector_key(seed, spec["name"])
        count = min(FIRST_LANES, spec["length"])
        out[spec["name"]] = {
            "key": key, "lanes": sa1.lanes(s.prg, key, spec["bits"], count)}
    return out


def member(s, u, detailed):
    """Whole messages of the detailed members, of the others their SHA-256."""
    m = s.members[u]
    show = (lambda message: message) if detailed else sa1.sha256
    out = {"identity_seed": m["identity"], "draws_key": m["draws_key"],
           "input": s.input(u), "neighbours": s.near[u],
           "advertisement": show(sa1.advertisement_pb(m["ad"])),
           "leaf": s.levels[0][u], "roster": show(s.roster(u)),
           "shares": show(m["shares"])}
    if u in s.u3:
        out |= {"delivery": show(s.delivery(u)), "masked": m["masked"],
                "chunks": [show(c) for c in m["chunks"]],
                "survivors": show(s.survivors())}
    if u in s.signers:
        out |= {"signature": m["signature"], "request": show(s.request(u))}
    if u in s.unmaskers:
        out["unmask"] = show(m["unmask"])
    if detailed:
        out |= {"channel_secret": m["c_sk"], "mask_secret": m["s_sk"],
                "self_mask": m["b"], "commitment": m["h"],
                "path": sa1.tree_path(s.levels, u),
                "self_mask_lanes": stream_starts(s, m["b"]),
                "pairs": [pair_values(s, u, v) for v in s.near[u]]}
    return out


def session_file(s, detailed, client_cases, server_cases):
    return plain({
        "what": "One session of SA-1: inputs, every message, the sum; then messages "
                "that must be refused. Written by make_vectors.py.",
        "issuer_seed": s.issuer, "coordinator_seed": s.coordinator,
        "task": TASK, "round": ROUND, "round_id": ROUND_ID, "model_hash": MODEL,
        "plan_hash": PLAN, "now_ms": NOW_MS, "deadline_ms": DEADLINE_MS,
        "cohort_size": s.n, "min_survivors": s.n_min, "corrupted_fraction": s.gamma,
        "dropout_fraction": s.delta, "security_bits": s.sigma,
        "correctness_bits": s.eta, "prg": s.prg, "vectors": s.vectors,
        "neighbours": s.k, "threshold": s.t, "key_root": s.manifest["key_root"],
        "order": s.order, "manifest": sa1.manifest_pb(s.manifest),
        "manifest_bytes": sa1.manifest_bytes(s.manifest), "session": s.session,
        "silent": s.silent, "u2": s.u2_bits, "u3": s.u3_bits,
        "u2_client_bytes": sa1.set_bytes("u2-client", s.session, s.u2_bits),
        "u3_client_bytes": sa1.survivor_bytes(s.session, s.u2_bits, s.u3_bits),
        "detailed": detailed,
        "members": [member(s, u, u in detailed) for u in range(s.n)],
        "sums": s.sums, "client_refuses": client_cases,
        "server_refuses": server_cases})


def primitives():
    """Functions alone: trees and rings of several sizes, streams past a tile."""
    leaves = [sa1.sha256(bytes([i])) for i in range(13)]
    trees = []
    for size in (1, 2, 3, 5, 8, 13):
        levels = sa1.tree_levels(leaves[:size])
        trees.append({"size": size, "root": levels[-1][0],
                      "paths": [sa1.tree_path(levels, i) for i in range(size)]})
    rings = []
    for n, k in ((7, 4), (12, 4), (61, 20)):
        order = sa1.ring_order(sa1.graph_seed(leaves[0], "task", n), n)
        rings.append({"n": n, "k": k, "round": n, "neighbours": [
            sa1.neighbours(order, k, u) for u in range(n)]})
    streams = []
    for prg in sa1.STREAMS:
        for bits in (16, 32):
            lanes = sa1.lanes(prg, leaves[1], bits, 4200)
            streams.append({"prg": prg, "bits": bits, "seed_of_key": leaves[2],
                            "lanes_from_4090": sa1.lanes(
                                prg, sa1.vector_key(leaves[2], "update"), bits,
                                4102)[4090:], "raw_key": leaves[1],
                            "raw_lanes_from_4096": lanes[4096:4104]})
    points = [1, 2, 5, 60, 65535]
    shamir = []
    for t in (1, 3, 5):
        shares = sa1.split(leaves[3], t, points, sa1.Draws(leaves[4]))
        shamir.append({"t": t, "points": points, "secret": leaves[3],
                       "draws_key": leaves[4],
                       "shares": [sa1.share_bytes(shares[x]) for x in points]})
    graphs = [{"n": n, "gamma": g, "delta": d, "sigma": sigma, "eta": eta,
               "n_min": n_min, "found": sa1.find_graph(n, g, d, sigma, eta, n_min)}
              for n, g, d, sigma, eta, n_min in (
                  (3, 0.0, 0.0, 80, 30, 3), (50, 0.1, 0.1, 80, 30, 40),
                  (60, 0.05, 0.1, 8, 8, 40), (100, 0.05, 0.05, 40, 20, 95),
                  (300, 0.1, 0.1, 40, 20, 270), (300, 0.1, 0.1, 80, 30, 270),
                  (500, 0.05, 0.05, 40, 20, 400), (1000, 0.1, 0.1, 80, 30, 900))]
    return plain({"what": "Functions of SA-1. Written by make_vectors.py.",
                  "leaves": leaves, "trees": trees, "rings": rings,
                  "ring_root": leaves[0], "streams": streams, "shamir": shamir,
                  "graphs": graphs})


def short_lists(text):
    """Lists of numbers on one line."""
    return re.sub(r"\[[-\d,\s]*\]", lambda m: re.sub(r"\s+", " ", m[0]), text)


def main():
    vectors = [{"name": "noisy", "length": 5, "bits": 20, "bound": 2**20,
                "modular": True},
               {"name": "update", "length": 6, "bits": 16, "bound": 2**16 // 4,
                "modular": False},
               {"name": "metrics", "length": 3, "bits": 32, "bound": 1000,
                "modular": False}]
    complete = Session("complete", 4, 0.0, 0.3, 80, 30, 3, "aes256-ctr", vectors,
                       {"input": [2]})
    vectors = [{"name": "update", "length": 9, "bits": 12, "bound": 64,
                "modular": False},
               {"name": "metrics", "length": 2, "bits": 32, "bound": 1000,
                "modular": False}]
    ring = Session("ring", 60, 0.05, 0.1, 8, 8, 40, "chacha20", vectors,
                   {"shares": [3, 40], "input": [11, 58], "sign": [20],
                    "unmask": [33]})
    files = {
        "primitives.json": primitives(),
        "complete.json": session_file(complete, list(range(4)),
                                      refused.by_client(complete),
                                      refused.by_server(complete)),
        "ring.json": session_file(ring, [5], refused.by_ring_client(ring, 5), []),
    }
    stale = 0
    for name, content in files.items():
        text = short_lists(json.dumps(content, indent=1)) + "\n"
        if "--check" not in sys.argv[1:]:
            (HERE / name).write_text(text)
        elif (HERE / name).read_text() != text:
            print(f"{name} is not what make_vectors.py writes")
            stale += 1
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
