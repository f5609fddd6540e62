"""Step 2: every key and certificate of the run, made by the shipped tools."""
import json
import pathlib

from .processes import run


class Identities:
    def __init__(self, tools, out):
        self.tools = tools
        self.keys = out / "keys"
        self.store = out / "store"
        self.tls = out / "tls"

    def make(self, family):
        run([self.tools / "sotto", "store", "init", "--store", self.store,
             "--keys", self.keys, "--family", family,
             "--root-keys", 3, "--root-threshold", 2,
             "--targets-keys", 3, "--targets-threshold", 2])
        self._make_tls()
        return json.loads((self.keys / "public.json").read_text())

    def _make_tls(self):
        """A throw-away authority and a certificate for loopback."""
        self.tls.mkdir(parents=True, exist_ok=True)
        authority, key = self.tls / "ca.pem", self.tls / "ca.key"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", authority,
             "-days", "30", "-subj", "/CN=Sotto quick start CA"])
        request = self.tls / "coordinator.csr"
        run(["openssl", "req", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.tls / "coordinator.key",
             "-out", request, "-subj", "/CN=localhost"])
        names = self.tls / "names.cnf"
        names.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
        run(["openssl", "x509", "-req", "-in", request, "-CA", authority, "-CAkey", key,
             "-CAcreateserial", "-days", "30", "-extfile", names,
             "-out", self.tls / "coordinator.pem"])
        for secret in self.tls.glob("*.key"):
            secret.chmod(0o600)

    def device(self, storage, population):
        """Makes a device's identity and has the issuer certify it."""
        storage = pathlib.Path(storage)
        run([self.tools / "sotto-device", "init", "--storage", storage,
             "--population", population])
        run([self.tools / "sotto", "device", "issue", "--issuer-key",
             self.keys / "issuer.key", "--request", storage / "request",
             "--out", storage / "certificate"])
        run([self.tools / "sotto-device", "install-certificate", "--storage", storage,
             "--certificate", storage / "certificate"])
        return storage / "certificate"
