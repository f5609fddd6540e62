"""A whole session from seeds: every member, the server, and what each sends."""
import copy

import sa1

ROUND_ID = bytes(range(16))
MODEL, PLAN = sa1.sha256(b"model"), sa1.sha256(b"plan")
NOW_MS, DEADLINE_MS = 1_700_000_005_000, 1_700_000_060_000
TASK, ROUND = "digits", 7


class Session:
    """`silent`: step name to the members that do not answer it."""

    def __init__(self, name, n, gamma, delta, sigma, eta, n_min, prg, vectors,
                 silent):
        self.name, self.n, self.prg, self.vectors = name, n, prg, vectors
        self.gamma, self.delta, self.n_min = gamma, delta, n_min
        self.sigma, self.eta, self.silent = sigma, eta, silent
        self.issuer, self.coordinator = self.seed("issuer"), self.seed("coordinator")
        identities = [self.seed(f"identity {i}") for i in range(n)]
        identities.sort(key=lambda s: sa1.sha256(sa1.ed25519_public(s))[:16])
        self.members = [self.advertise(i, s) for i, s in enumerate(identities)]
        leaves = [sa1.leaf_hash(m["ad"]) for m in self.members]
        self.levels = sa1.tree_levels(leaves)
        self.k, self.t = sa1.find_graph(n, gamma, delta, sigma, eta, n_min)
        self.manifest = {
            "version": 1, "task": TASK, "round": ROUND, "round_id": ROUND_ID,
            "vectors": vectors, "n": n, "k": self.k, "t": self.t, "n_min": n_min,
            "gamma": gamma, "delta": delta, "model_hash": MODEL, "plan_hash": PLAN,
            "previous_model_hash": b"", "key_root": self.levels[-1][0],
            "deadline_ms": DEADLINE_MS, "prg": prg}
        self.session = sa1.session_id(self.manifest)
        self.order = list(range(n)) if self.k == n - 1 else sa1.ring_order(
            sa1.graph_seed(self.manifest["key_root"], TASK, ROUND), n)
        self.near = [sa1.neighbours(self.order, self.k, u) for u in range(n)]
        self.run()

    def seed(self, what):
        return sa1.sha256(f"{self.name}: {what}".encode())

    def by_coordinator(self, message):
        return sa1.sign(self.coordinator, message)

    def by(self, u, message):
        return sa1.sign(self.members[u]["identity"], message)

    def advertise(self, u, identity):
        key = self.seed(f"draws {u}")
        draws = sa1.Draws(key)
        c_sk, s_sk, nonce = draws.take(32), draws.take(32), draws.take(32)
        ad = {"certificate": sa1.certificate(
                  self.issuer, sa1.ed25519_public(identity), "tests", 0,
                  2_000_000_000_000),
              "c_pk": sa1.x25519_public(c_sk), "s_pk": sa1.x25519_public(s_sk),
              "nonce": nonce, "round_id": ROUND_ID, "task": TASK, "round": ROUND,
              "model_hash": MODEL, "plan_hash": PLAN}
        ad["signature"] = sa1.sign(identity, sa1.advertisement_bytes(ad))
        return {"identity": identity, "draws_key": key, "draws": draws,
                "c_sk": c_sk, "s_sk": s_sk, "ad": ad}

    def answers(self, step):
        return [u for u in range(self.n) if u not in self.silent.get(step, [])]

    def run(self):
        n, near, t = self.n, self.near, self.t
        for u in range(n):
            self.share(u)
        self.u2 = [u for u in self.answers("shares")]
        assert all(len(set(near[u]) & set(self.u2)) >= t for u in self.u2)
        self.u3 = [u for u in self.u2 if u in self.answers("input")]
        self.u2_bits, self.u3_bits = (sa1.bitmap(s, n) for s in (self.u2, self.u3))
        for u in self.u3:
            self.mask(u)
        self.signers = [u for u in self.u3 if u in self.answers("sign")]
        self.unmaskers = [u for u in self.signers if u in self.answers("unmask")]
        assert len(self.u3) >= self.n_min
        assert all(len(set(near[u]) & set(self.unmaskers)) >= t for u in self.u2)
        for u in self.u3:
            self.members[u]["signature"] = self.by(
                u, sa1.survivor_bytes(self.session, self.u2_bits, self.u3_bits))
        for u in self.unmaskers:
            self.unmask(u)
        self.remove_masks()

    # Round 1

    def roster(self, u, manifest=None, members=None):
        manifest = manifest or self.manifest
        if members is None:
            members = self.shown(u)
        return sa1.roster_pb(manifest,
                             self.by_coordinator(sa1.manifest_bytes(manifest)),
                             members)

    def shown(self, u):
        complete = self.k == self.n - 1
        return [(i, copy.deepcopy(self.members[i]["ad"]),
                 [] if complete else sa1.tree_path(self.levels, i))
                for i in sorted(self.near[u] + [u])]

    def channel(self, u, v):
        return sa1.hkdf(sa1.x25519(self.members[u]["c_sk"],
                                   self.members[v]["ad"]["c_pk"]),
                        sa1.channel_info(self.session, u, v))

    def share(self, u):
        m = self.members[u]
        points = [v + 1 for v in self.near[u]]
        m["b"] = m["draws"].take(32)
        m["of_b"] = sa1.split(m["b"], self.t, points, m["draws"])
        m["of_s"] = sa1.split(m["s_sk"], self.t, points, m["draws"])
        m["h"] = sa1.commitment(self.session, m["b"])
        m["sealed"] = {}
        for v in self.near[u]:
            m["sealed"][v] = sa1.seal(
                self.channel(u, v), m["draws"].take(12), self.session, u, v,
                self.plaintext(u, v))
        m["shares"] = self.shares(u, list(m["sealed"].items()))

    def plaintext(self, u, v):
        m = self.members[u]
        return sa1.share_plaintext(self.session, u, v,
                                   sa1.share_bytes(m["of_s"][v + 1]),
                                   sa1.share_bytes(m["of_b"][v + 1]))

    def shares(self, u, pairs, h=None, sender=None):
        h = self.members[u]["h"] if h is None else h
        sender = u if sender is None else sender
        return sa1.shares_pb(sender, pairs, h, self.by(
            u, sa1.shares_bytes(self.session, sender, h, pairs)))

    # Round 2

    def delivery(self, u, members=None, replace=None):
        members = self.u2 if members is None else members
        bits = sa1.bitmap(members, self.n)
        pairs = [(v, self.members[v]["sealed"][u]) for v in self.near[u]
                 if v in members]
        pairs = replace(pairs) if replace else pairs
        return sa1.delivery_pb(bits, pairs, self.by_coordinator(
            sa1.set_bytes("u2", self.session, bits)))

    def pair_seed(self, u, v):
        return sa1.hkdf(sa1.x25519(self.members[u]["s_sk"],
                                   self.members[v]["ad"]["s_pk"]),
                        sa1.mask_info(self.session, self.manifest, u, v))

    def input(self, u):
        draws = sa1.Draws(self.seed(f"input {u}"))
        return {v["name"]: [draws.below(v["bound"]) for _ in range(v["length"])]
                for v in self.vectors}

    def add_stream(self, values, seed, spec, sign):
        stream = sa1.lanes(self.prg, sa1.vector_key(seed, spec["name"]),
                           spec["bits"], spec["length"])
        return [(x + sign * y) % 2 ** spec["bits"] for x, y in zip(values, stream)]

    def mask(self, u):
        m = self.members[u]
        m["masked"] = {}
        for spec in self.vectors:
            y = self.add_stream(self.input(u)[spec["name"]], m["b"], spec, 1)
            for v in self.near[u]:
                if v in self.u2:
                    y = self.add_stream(y, self.pair_seed(u, v), spec,
                                        1 if v > u else -1)
            m["masked"][spec["name"]] = y
        m["chunks"] = self.chunks(u)

    def chunks(self, u):
        elements = {}
        for spec in self.vectors:
            elements[spec["name"]] = sa1.packed(
                self.members[u]["masked"][spec["name"]], spec["bits"])
        digest = sa1.sha256(b"".join(elements.values()))
        signature = self.by(u, sa1.input_bytes(self.session, u, digest))
        self.members[u]["told"] = self.by(
            u, sa1.set_bytes("u2-client", self.session, self.u2_bits))
        last = self.vectors[-1]["name"]
        return [sa1.chunk_pb(u, name, 0, data, name == last,
                             signature if name == last else b"",
                             self.members[u]["told"] if name == last else b"")
                for name, data in elements.items()]

    # Rounds 3 and 4

    def survivors(self, members=None, bits=None):
        bits = bits or sa1.bitmap(self.u3 if members is None else members, self.n)
        return sa1.pb((1, bits), (2, self.by_coordinator(
            sa1.set_bytes("u3-server", self.session, bits))))

    def request(self, u, signers=None, told=None):
        if signers is None:
            signers = [v for v in self.near[u] if v in self.signers]
        if told is None:
            told = [v for v in self.near[u] if v in self.u3 and v not in signers]
        return sa1.pb((1, [sa1.pb((1, v), (2, self.members[v]["signature"]))
                           for v in signers]),
                      (2, [sa1.pb((1, v), (2, self.members[v]["told"]))
                           for v in told]))

    def revealed(self, u):
        out = []
        for v in self.near[u]:
            if v in self.u2:
                kind = 1 if v in self.u3 else 2
                limbs = self.members[v]["of_b" if kind == 1 else "of_s"][u + 1]
                out.append((v, kind, sa1.share_bytes(limbs)))
        return out

    def unmask(self, u):
        self.members[u]["unmask"] = self.unmask_message(u, self.revealed(u))

    def unmask_message(self, u, shares):
        return sa1.unmask_pb(u, shares, self.by(
            u, sa1.unmask_bytes(self.session, u, shares)))

    def remove_masks(self):
        """From revealed shares alone; must be the plain sum."""
        secret = {}
        for v in self.u2:
            kind = "of_b" if v in self.u3 else "of_s"
            holders = [u for u in self.near[v] if u in self.unmaskers][:self.t]
            secret[v] = sa1.combine(
                {u + 1: self.members[v][kind][u + 1] for u in holders})
        self.sums = {}
        for spec in self.vectors:
            total = [0] * spec["length"]
            for u in self.u3:
                total = [a + b for a, b in
                         zip(total, self.members[u]["masked"][spec["name"]])]
            for v in self.u2:
                if v in self.u3:
                    total = self.add_stream(total, secret[v], spec, -1)
                    continue
                for u in self.near[v]:
                    if u in self.u3:
                        seed = sa1.hkdf(
                            sa1.x25519(secret[v], self.members[u]["ad"]["s_pk"]),
                            sa1.mask_info(self.session, self.manifest, u, v))
                        total = self.add_stream(total, seed, spec,
                                                -1 if u < v else 1)
            plain = [sum(column) % 2 ** spec["bits"] for column in
                     zip(*[self.input(u)[spec["name"]] for u in self.u3])]
            assert total == plain, spec["name"]
            self.sums[spec["name"]] = total
