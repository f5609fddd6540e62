"""Messages that differ from a good one in one thing, and who refuses them how.
The liar holds the key of the sender: signatures are right unless they are the
thing that differs."""
import copy

import sa1

DENIED, INVALID = "PERMISSION_DENIED", "INVALID_ARGUMENT"
ABORTED, LOST = "ABORTED", "DATA_LOSS"
UNSIGNED = "UNAUTHENTICATED"


def flipped(data, at=0):
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


class Cases:
    """Each case as the bytes that it puts in the place of some of the good
    message's: those but for the first `keep_front` and the last `keep_back`."""

    def __init__(self, who, number, good):
        self.found, self.who, self.good = [], {who: number}, good

    def add(self, step, what, status, message):
        good = self.good[step]
        assert message != good, what
        most = min(len(good), len(message))
        front = next((i for i in range(most) if good[i] != message[i]), most)
        back = next((i for i in range(most - front)
                     if good[-1 - i] != message[-1 - i]), most - front)
        self.found.append({**self.who, "step": step, "what": what,
                           "status": status, "keep_front": front,
                           "keep_back": back,
                           "between": message[front:len(message) - back]})


def resigned(s, u, **changes):
    ad = {**copy.deepcopy(s.members[u]["ad"]), **changes}
    ad["signature"] = s.by(u, sa1.advertisement_bytes(ad))
    return ad


def manifest_cases(s, u, cases):
    for what, status, change in (
            ("another protocol version", DENIED, {"version": 2}),
            ("another task", DENIED, {"task": "faces"}),
            ("another round", DENIED, {"round": 8}),
            ("another round id", DENIED, {"round_id": bytes(16)}),
            ("another model", DENIED, {"model_hash": bytes(32)}),
            ("another plan", DENIED, {"plan_hash": bytes(32)}),
            ("a deadline that is now", DENIED, {"deadline_ms": 1_700_000_005_000}),
            ("n_min below the floor", DENIED, {"n_min": s.n_min - 1}),
            ("n_min above n", DENIED, {"n_min": s.n + 1}),
            ("a corrupted fraction that is no number", DENIED,
             {"gamma": float("nan")}),
            ("a corrupted fraction without a threshold", INVALID, {"gamma": 0.5}),
            ("a threshold one too small", DENIED, {"t": s.t - 1}),
            ("a threshold above k", DENIED, {"t": s.k + 1}),
            ("fewer neighbours", DENIED, {"k": s.k - 1}),
            ("so many members that sums wrap", INVALID,
             {"n": s.n + 1, "k": s.n, "t": s.n // 2 + 1}),
            ("another generator", INVALID, {"prg": "mt19937"}),
            ("another key root", DENIED,
             {"key_root": flipped(s.manifest["key_root"])}),
            ("a key root that is no hash", DENIED, {"key_root": b"short"}),
            ("a vector left out", DENIED, {"vectors": s.vectors[:-1]}),
            ("a vector of more bits", DENIED,
             {"vectors": [{**s.vectors[0], "bits": 21}] + s.vectors[1:]}),
            ("a vector that is suddenly modular", DENIED,
             {"vectors": s.vectors[:-1] + [{**s.vectors[-1], "modular": True}]})):
        cases.add("Roster", what, status, s.roster(u, {**s.manifest, **change}))
    good = sa1.manifest_bytes(s.manifest)
    for what, signature in (
            ("manifest signed by a member", s.by(0, good)),
            ("manifest signature with a flipped bit",
             flipped(s.by_coordinator(good))),
            ("manifest without a signature", b"")):
        cases.add("Roster", what, DENIED,
                  sa1.roster_pb(s.manifest, signature, s.shown(u)))


def rooted(s, u, members):
    """The manifest's root fits, as a liar would see to."""
    leaves = [sa1.leaf_hash(ad) for _, ad, _ in members]
    root = sa1.tree_levels(leaves)[-1][0]
    return s.roster(u, {**s.manifest, "key_root": root}, members)


def member_cases(s, u, cases):
    v = 1 if u != 1 else 0
    other = 3 if u != 3 else 0
    keys = s.members[other]["ad"]
    forged = s.members[v]["ad"]["certificate"]
    for what, status, ad in (
            ("a peer's certificate from another issuer", DENIED, resigned(
                s, v, certificate=sa1.certificate(
                    s.coordinator, sa1.ed25519_public(s.members[v]["identity"]),
                    "tests", 0, 2_000_000_000_000))),
            ("a peer's certificate that has expired", DENIED, resigned(
                s, v, certificate=sa1.certificate(
                    s.issuer, sa1.ed25519_public(s.members[v]["identity"]),
                    "tests", 0, 1_700_000_005_000))),
            ("a peer's certificate of another population", DENIED, resigned(
                s, v, certificate=sa1.certificate(
                    s.issuer, sa1.ed25519_public(s.members[v]["identity"]),
                    "other", 0, 2_000_000_000_000))),
            ("a peer's certificate with a flipped bit", DENIED,
             resigned(s, v, certificate=flipped(forged, 100))),
            ("a peer's advertisement with another's signature", DENIED,
             {**s.members[v]["ad"], "signature": keys["signature"]}),
            ("a peer of another task", DENIED, resigned(s, v, task="faces")),
            ("a peer of another round", DENIED, resigned(s, v, round=6)),
            ("a peer of another round id", DENIED,
             resigned(s, v, round_id=bytes(16))),
            ("a peer that was given another model", DENIED,
             resigned(s, v, model_hash=bytes(32))),
            ("a peer that was given another plan", DENIED,
             resigned(s, v, plan_hash=bytes(32))),
            ("a peer's nonce of 31 bytes", INVALID, resigned(s, v, nonce=bytes(31))),
            ("a peer's channel key of 33 bytes", INVALID,
             resigned(s, v, c_pk=bytes(33))),
            ("a peer's mask key of 31 bytes", INVALID,
             resigned(s, v, s_pk=bytes(31))),
            ("a peer with the channel key of another", DENIED,
             resigned(s, v, c_pk=keys["c_pk"])),
            ("a peer with the mask key of another", DENIED,
             resigned(s, v, s_pk=keys["s_pk"])),
            ("a peer with one key for both", DENIED,
             resigned(s, v, s_pk=s.members[v]["ad"]["c_pk"])),
            ("a peer's channel key of small order", INVALID,
             resigned(s, v, c_pk=bytes(32)))):
        members = [(i, ad if i == v else old, path) for i, old, path in s.shown(u)]
        cases.add("Roster", what, status, rooted(s, u, members))
    members = s.shown(u)
    cases.add("Roster", "a member left out", DENIED, rooted(s, u, members[:-1]))
    swapped = [members[1], members[0]] + members[2:]
    swapped = [(i, ad, path) for i, (_, ad, path) in enumerate(swapped)]
    cases.add("Roster", "members out of order", DENIED, rooted(s, u, swapped))
    twice = [(1, members[0][1], [])] + [members[0]] + members[2:]
    twice = [(i, ad, path) for i, (_, ad, path) in enumerate(twice)]
    cases.add("Roster", "a member twice", DENIED, rooted(s, u, twice))
    stranger = s.advertise(s.n, s.seed("stranger"))
    others = sorted(
        [s.members[i] for i in range(s.n) if i != u] + [stranger],
        key=lambda m: sa1.sha256(sa1.ed25519_public(m["identity"]))[:16])
    cases.add("Roster", "another member in its own place", DENIED,
              rooted(s, u, [(i, m["ad"], []) for i, m in enumerate(others)]))
    mine = resigned(s, u, c_pk=sa1.x25519_public(s.seed("replaced")))
    members = [(i, mine if i == u else ad, path) for i, ad, path in members]
    cases.add("Roster", "its own channel key replaced", DENIED,
              rooted(s, u, members))


def delivery_cases(s, u, cases):
    def add(what, status, **how):
        cases.add("ShareDelivery", what, status, s.delivery(u, **how))

    peers = [v for v in s.near[u] if v in s.u2]
    first, second = peers[0], peers[1]

    def change(v, ciphertext):
        return lambda pairs: [(w, ciphertext if w == v else c) for w, c in pairs]

    def sealed(session, a, b, text, key=None):
        return sa1.seal(key or s.channel(first, u), bytes(12), session, a, b, text)

    good = dict((v, s.members[v]["sealed"][u]) for v in peers)
    add("itself not in U2", DENIED, members=[v for v in s.u2 if v != u])
    add("too few members", ABORTED, members=[u, first])
    add("a share left out", INVALID, replace=lambda pairs: pairs[1:])
    add("a share twice", INVALID, replace=lambda pairs: pairs + pairs[:1])
    add("a share of itself", INVALID,
        replace=lambda pairs: pairs + [(u, good[first])])
    add("a share of no member", INVALID,
        replace=lambda pairs: pairs + [(s.n, good[first])])
    add("a share with a flipped bit", LOST,
        replace=change(first, flipped(good[first], 40)))
    add("a share cut short", INVALID, replace=change(first, good[first][:11]))
    add("a share without its tag", LOST, replace=change(first, good[first][:20]))
    add("two shares swapped", LOST, replace=lambda pairs: [
        (v, {first: good[second], second: good[first]}.get(v, c))
        for v, c in pairs])
    add("its own ciphertext reflected", LOST,
        replace=change(first, s.members[u]["sealed"][first]))
    text = s.plaintext(first, u)
    add("a share sealed for another session", LOST,
        replace=change(first, sealed(bytes(32), first, u, text)))
    for what, other in (
            ("a share that names another sender", (second, u, s.session)),
            ("a share that names another recipient", (first, second, s.session)),
            ("a share that names another session", (first, u, bytes(32)))):
        named = sa1.share_plaintext(other[2], other[0], other[1], bytes(40),
                                    bytes(40))
        add(what, DENIED,
            replace=change(first, sealed(s.session, first, u, named)))
    for what, limbs in (
            ("a share with the limb 2^61 - 1", sa1.share_bytes([sa1.P] + [0] * 4)),
            ("a share of four limbs", bytes(32)),
            ("a share of six limbs", bytes(48))):
        bad = sa1.share_plaintext(s.session, first, u, bytes(40), limbs)
        add(what, INVALID, replace=change(first, sealed(s.session, first, u, bad)))
    long = text + b"\0"
    add("a share with a byte more", INVALID,
        replace=change(first, sealed(s.session, first, u, long)))
    for what, bits in (("a bitmap with a bit above n", bytes([255])),
                       ("a bitmap of two bytes", s.u2_bits + b"\0"),
                       ("no bitmap", b"")):
        cases.add("ShareDelivery", what, INVALID, sa1.delivery_pb(
            bits, list(good.items()),
            s.by_coordinator(sa1.set_bytes("u2", s.session, bits))))
    for what, signature in (
            ("a bitmap signed by a member",
             s.by(first, sa1.set_bytes("u2", s.session, s.u2_bits))),
            ("a bitmap signed as U3", s.by_coordinator(
                sa1.set_bytes("u3-server", s.session, s.u2_bits))),
            ("a bitmap signed for another session", s.by_coordinator(
                sa1.set_bytes("u2", bytes(32), s.u2_bits)))):
        cases.add("ShareDelivery", what, DENIED,
                  sa1.delivery_pb(s.u2_bits, list(good.items()), signature))


def survivor_cases(s, u, cases):
    def add(what, status, message):
        cases.add("SurvivorSet", what, status, message)

    add("itself declared gone", DENIED, s.survivors([v for v in s.u2 if v != u]))
    add("too few survivors", ABORTED, s.survivors([u, s.near[u][0]]))
    add("nobody", DENIED, s.survivors([]))
    add("a bit above n", INVALID, s.survivors(bits=bytes([s.u3_bits[0] | 128])))
    add("two bytes", INVALID, s.survivors(bits=s.u3_bits + b"\0"))
    for what, signature in (
            ("signed as U2", s.by_coordinator(
                sa1.set_bytes("u2", s.session, s.u3_bits))),
            ("signed as a client does", s.by_coordinator(
                sa1.survivor_bytes(s.session, s.u2_bits, s.u3_bits))),
            ("signed for another session", s.by_coordinator(
                sa1.set_bytes("u3-server", bytes(32), s.u3_bits))),
            ("signed by a member", s.by(
                0, sa1.set_bytes("u3-server", s.session, s.u3_bits)))):
        add(what, DENIED, sa1.pb((1, s.u3_bits), (2, signature)))


def request_cases(s, u, cases):
    def add(what, status, message):
        cases.add("UnmaskRequest", what, status, message)

    def one(v, signature):
        return sa1.pb((1, v), (2, signature))

    peers = [v for v in s.near[u] if v in s.signers]
    good = [(v, s.members[v]["signature"]) for v in peers]
    gone = next(v for v in s.u2 if v not in s.u3)
    everybody = sa1.bitmap(s.u2, s.n)
    add("one signature too few", DENIED, s.request(u, peers[:s.t - 1]))
    add("no signatures", DENIED, b"")
    add("one signature twice instead of two", DENIED,
        sa1.pb((1, [one(*good[0])] * s.t)))
    add("its own signature among them", INVALID, s.request(u, peers + [u]))
    add("a signer that did not survive", INVALID, sa1.pb((1, [
        one(*pair) for pair in good] + [one(gone, s.by(gone, sa1.survivor_bytes(
            s.session, s.u2_bits, s.u3_bits)))])))
    add("a signer that is no member", INVALID,
        sa1.pb((1, [one(s.n, good[0][1])] + [one(*pair) for pair in good])))
    for what, signed in (
            ("a signature on another set",
             sa1.survivor_bytes(s.session, s.u2_bits, everybody)),
            ("a signature for other members",
             sa1.survivor_bytes(s.session, s.u3_bits, s.u3_bits)),
            ("a signature of another session",
             sa1.survivor_bytes(bytes(32), s.u2_bits, s.u3_bits)),
            ("a signature of another kind",
             sa1.set_bytes("u3-server", s.session, s.u3_bits))):
        other = s.by(peers[0], signed)
        add(what, DENIED, sa1.pb((1, [one(peers[0], other)] + [
            one(*pair) for pair in good[1:]])))
    add("one member's signature under another's name", DENIED,
        sa1.pb((1, [one(peers[0], good[1][1])] + [one(*p) for p in good[1:]])))


def silent_cases(s, u, cases):
    """A neighbour that sent its input, but did not sign the survivor set."""
    peers = [v for v in s.near[u] if v in s.signers]
    silent, signers = peers[-1], peers[:-1]
    assert len(signers) > s.t
    far = next(v for v in s.u3 if v != u and v not in s.near[u])
    good = [sa1.pb((1, v), (2, s.members[v]["signature"])) for v in signers]
    told = [v for v in s.near[u] if v in s.u3 and v not in peers]

    def add(what, status, *pairs):
        cases.add("UnmaskRequest", what, status, sa1.pb((1, good), (2, [
            sa1.pb((1, v), (2, signature)) for v, signature in
            [(v, s.members[v]["told"]) for v in told] + list(pairs)])))

    def signed(v, kind, session, bits):
        return v, s.by(v, sa1.set_bytes(kind, session, bits))

    add("a silent survivor's members left out", DENIED)
    add("a silent survivor's signature on other members", DENIED,
        signed(silent, "u2-client", s.session, s.u3_bits))
    add("a silent survivor's members of another session", DENIED,
        signed(silent, "u2-client", bytes(32), s.u2_bits))
    add("a silent survivor's signature of another kind", DENIED,
        signed(silent, "u2", s.session, s.u2_bits))
    add("a silent survivor's members signed by another", DENIED,
        (silent, s.members[signers[0]]["told"]))
    add("members signed by no neighbour", INVALID,
        signed(silent, "u2-client", s.session, s.u2_bits),
        signed(far, "u2-client", s.session, s.u2_bits))


def by_client(s, u=1):
    cases = Cases("client", u, {
        "Roster": s.roster(u), "ShareDelivery": s.delivery(u),
        "SurvivorSet": s.survivors(), "UnmaskRequest": s.request(u)})
    manifest_cases(s, u, cases)
    member_cases(s, u, cases)
    delivery_cases(s, u, cases)
    survivor_cases(s, u, cases)
    request_cases(s, u, cases)
    return cases.found


def by_ring_client(s, u):
    """What only a ring can be lied about."""
    cases = Cases("client", u, {
        "Roster": s.roster(u), "ShareDelivery": s.delivery(u),
        "SurvivorSet": s.survivors(), "UnmaskRequest": s.request(u)})
    shown = s.shown(u)
    v = next(at for at, (i, _, _) in enumerate(shown) if i != u)
    index, ad, path = shown[v]

    def with_member(*member):
        return s.roster(u, None, shown[:v] + [member] + shown[v + 1:])

    cases.add("Roster", "a path with a flipped bit", DENIED,
              with_member(index, ad, [flipped(path[0])] + path[1:]))
    cases.add("Roster", "a path one hash too short", DENIED,
              with_member(index, ad, path[:-1]))
    cases.add("Roster", "a path one hash too long", DENIED,
              with_member(index, ad, path + [bytes(32)]))
    cases.add("Roster", "a path that is not of hashes", INVALID,
              with_member(index, ad, path[:-1] + [path[-1][:31]]))
    other = next(w for w in range(s.n) if w not in s.near[u] and w != u)
    stranger = (other, s.members[other]["ad"], sa1.tree_path(s.levels, other))
    cases.add("Roster", "a true member that is no neighbour", DENIED,
              s.roster(u, None, sorted(shown[:v] + [stranger] + shown[v + 1:],
                                       key=lambda member: member[0])))
    cases.add("Roster", "a threshold one too small", DENIED,
              s.roster(u, {**s.manifest, "t": s.t - 1}))
    cases.add("Roster", "an odd number of neighbours", DENIED,
              s.roster(u, {**s.manifest, "k": s.k - 1}))
    cases.add("Roster", "a corrupted fraction below the floor", DENIED,
              s.roster(u, {**s.manifest, "gamma": s.gamma / 2}))
    cut_off = s.near[u][:s.k - s.t + 1]
    cases.add("ShareDelivery", "too few neighbours", ABORTED,
              s.delivery(u, [v for v in s.u2 if v not in cut_off]))
    cases.add("ShareDelivery", "a share of a member that is no neighbour", INVALID,
              s.delivery(u, None, lambda pairs: pairs + [(other, pairs[0][1])]))
    cases.add("SurvivorSet", "too few neighbours", ABORTED,
              s.survivors([v for v in s.u3 if v not in cut_off]))
    outside = next(v for v in range(s.n) if v not in s.u2)
    cases.add("SurvivorSet", "a member outside U2", DENIED,
              s.survivors(sorted(s.u3 + [outside])))
    far = next(v for v in s.signers if v not in s.near[u] and v != u)
    cases.add("UnmaskRequest", "a signer that is no neighbour", INVALID,
              s.request(u, [v for v in s.near[u] if v in s.signers] + [far]))
    silent_cases(s, u, cases)
    return cases.found


def by_server(s, u=1):
    m = s.members[u]
    cases = Cases("device", u, {
        "KeyAdvertisement": sa1.advertisement_pb(m["ad"]),
        "EncryptedShares": m["shares"], "MaskedInputChunk": m["chunks"][0],
        "SurvivorSignature": sa1.pb((1, u), (2, m["signature"])),
        "UnmaskShares": m["unmask"], "Complaint": b""})
    changed = {
        "another task": {"task": "faces"}, "another round": {"round": 6},
        "another model": {"model_hash": bytes(32)},
        "another plan": {"plan_hash": bytes(32)},
        "a nonce of 31 bytes": {"nonce": bytes(31)},
        "one key for both": {"s_pk": s.members[u]["ad"]["c_pk"]},
        "a mask key of small order": {"s_pk": bytes(31) + b"\0"}}
    for what, change in changed.items():
        cases.add("KeyAdvertisement", what, INVALID,
                  sa1.advertisement_pb(resigned(s, u, **change)))
    cases.add("KeyAdvertisement", "another's channel key", "ALREADY_EXISTS",
              sa1.advertisement_pb(
                  resigned(s, u, c_pk=s.members[0]["ad"]["c_pk"])))
    cases.add("KeyAdvertisement", "a flipped bit", UNSIGNED, sa1.advertisement_pb(
        {**s.members[u]["ad"], "nonce": flipped(s.members[u]["ad"]["nonce"])}))
    cases.add("KeyAdvertisement", "a certificate of another population", UNSIGNED,
              sa1.advertisement_pb(resigned(s, u, certificate=sa1.certificate(
                  s.issuer, sa1.ed25519_public(m["identity"]), "other", 0,
                  2_000_000_000_000))))
    pairs = list(s.members[u]["sealed"].items())
    for what, message in (
            ("a recipient left out", s.shares(u, pairs[1:])),
            ("recipients out of order", s.shares(u, [pairs[1], pairs[0]] + pairs[2:])),
            ("a recipient twice", s.shares(u, [pairs[0]] + pairs[:-1])),
            ("an empty ciphertext", s.shares(u, [(pairs[0][0], b"")] + pairs[1:])),
            ("a commitment of 31 bytes", s.shares(u, pairs, bytes(31))),
            ("another sender", s.shares(u, pairs, None, u + 1))):
        cases.add("EncryptedShares", what, INVALID, message)
    cases.add("EncryptedShares", "a signature for another session", UNSIGNED,
              sa1.shares_pb(u, pairs, s.members[u]["h"], s.by(
                  u, sa1.shares_bytes(bytes(32), u, s.members[u]["h"], pairs))))
    spec = s.vectors[0]
    name, length = spec["name"], spec["length"]
    good = sa1.packed(m["masked"][name], spec["bits"])
    assert length * spec["bits"] % 8 != 0
    for what, message in (
            ("another sender", sa1.chunk_pb(u + 1, name, 0, good, False, b"")),
            ("a vector that nobody has",
             sa1.chunk_pb(u, name + "s", 0, good, False, b"")),
            ("an offset past the end",
             sa1.chunk_pb(u, name, length, good, False, b"")),
            ("an end inside a byte that is not the last",
             sa1.chunk_pb(u, name, 0, good[:3], False, b"")),
            ("no element", sa1.chunk_pb(u, name, 0, b"", False, b"")),
            ("a byte too many",
             sa1.chunk_pb(u, name, 0, good + b"\0", False, b"")),
            ("a bit after the last element", sa1.chunk_pb(
                u, name, 0, good[:-1] + bytes([good[-1] | 128]), False, b"")),
            ("last where it is not", sa1.chunk_pb(u, name, 0, good, True, b""))):
        cases.add("MaskedInputChunk", what, INVALID, message)
    good = m["signature"]
    cases.add("SurvivorSignature", "another sender", INVALID,
              sa1.pb((1, u + 1), (2, good)))
    cases.add("SurvivorSignature", "a signature on U2", UNSIGNED, sa1.pb(
        (1, u), (2, s.by(u, sa1.survivor_bytes(
            s.session, s.u2_bits, s.u2_bits)))))
    shares = s.revealed(u)
    v, kind, data = shares[0]
    for what, bad in (
            ("a share left out", shares[1:]),
            ("a share twice", [shares[0]] + shares),
            ("shares out of order", [shares[1], shares[0]] + shares[2:]),
            ("a share of the other kind", [(v, 3 - kind, data)] + shares[1:]),
            ("a share of its own", [(v, kind, data), (u, 1, data)] + shares[1:]),
            ("a limb of 2^61 - 1",
             [(v, kind, sa1.share_bytes([sa1.P] + [0] * 4))] + shares[1:]),
            ("a share of 39 bytes", [(v, kind, data[:39])] + shares[1:])):
        cases.add("UnmaskShares", what, INVALID, s.unmask_message(u, bad))
    cases.add("UnmaskShares", "shares that another signed", UNSIGNED, sa1.unmask_pb(
        u, shares, s.by(0, sa1.unmask_bytes(s.session, u, shares))))
    reason = "share does not open"
    cases.add("Complaint", "signed for another round", UNSIGNED, sa1.pb(
        (1, u), (2, 0), (3, 15), (4, reason),
        (5, s.by(u, sa1.complaint_bytes(bytes(16), u, 0, 15, reason)))))
    return cases.found
