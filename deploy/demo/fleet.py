"""One coordinator and many devices, as processes of this machine."""
import json
import pathlib
import random
import socket
import time

from .processes import Child, Failure, run_json

POPULATION = "digits"
MODEL = "digits/cnn"


def free_ports():
    """A port that is free now, and the next one. Below the range from which the
    system takes the ports of connections, so that both can be had again after a
    restart."""
    for _ in range(1000):
        port = random.randrange(20000, 32000, 2)
        try:
            with socket.socket() as first, socket.socket() as second:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + 1))
                return port
        except OSError:
            continue
    raise Failure("no two free ports between 20000 and 32000 on 127.0.0.1; choose --port")


class Fleet:
    def __init__(self, tools, out, identities, public):
        self.tools, self.out = tools, out
        self.identities, self.public = identities, public
        self.coordinator = None
        self.endpoints = None
        self.devices = {}
        self._configs = {}

    # -- coordinator

    def write_coordinator_config(self, port):
        keys = self.identities.keys
        token = self.out / "admin.token"
        config = {
            "listen": f"127.0.0.1:{port}",
            "http_listen": f"127.0.0.1:{port + 1}",
            "tls_certificate": str(self.identities.tls / "coordinator.pem"),
            "tls_key": str(self.identities.tls / "coordinator.key"),
            "state": f"sqlite:{self.out / 'coordinator.db'}",
            "blobs": f"file:{self.out / 'blobs'}",
            "model_store": str(self.identities.store),
            "keys": {"coordinator": str(keys / "coordinator.key"),
                     "broker": str(keys / "broker.key"),
                     "broker_signing": str(keys / "broker-signing.key"),
                     "director": str(keys / "director.key"),
                     "issuer_public": self.public["issuer"]},
            "admin_token_file": str(token),
        }
        path = self.out / "coordinator.json"
        path.write_text(json.dumps(config, indent=1) + "\n")
        return path

    def start_coordinator(self, port=0, env=None):
        config = self.write_coordinator_config(port or free_ports())
        ready = self.out / "coordinator.ready"
        ready.unlink(missing_ok=True)
        self.coordinator = Child(
            "coordinator", [self.tools / "sotto-coordinator", "--config", config,
                            "--ready-file", ready],
            self.out / "logs" / "coordinator.log", env=env)
        deadline = time.monotonic() + 20
        while not ready.exists():
            if not self.coordinator.alive():
                log = self.coordinator.log_path.read_text()[-1500:]
                raise Failure(f"the coordinator did not start:\n{log}")
            if time.monotonic() > deadline:
                raise Failure("the coordinator is not ready after 20 s; see "
                              f"{self.coordinator.log_path}")
            time.sleep(0.02)
        self.endpoints = json.loads(ready.read_text())
        return self.endpoints

    def admin(self, *arguments, timeout=60):
        """`sotto ARGUMENTS --json` against this coordinator."""
        return run_json(
            [self.tools / "sotto", *arguments,
             "--server", f"127.0.0.1:{self.endpoints['grpc_port']}",
             "--ca", self.identities.tls / "ca.pem",
             "--admin-token", self.out / "admin.token", "--json"], timeout=timeout)

    # -- devices

    def add_device(self, name, data, export_updates=None):
        """Makes the identity and the configuration; returns the certificate."""
        storage = self.out / "devices" / name
        storage.mkdir(parents=True, exist_ok=True)
        certificate = self.identities.device(storage, POPULATION)
        metadata = self.identities.store
        config = {
            "storage": str(storage), "ca": str(self.identities.tls / "ca.pem"),
            "population": POPULATION, "model": MODEL, "data": str(data),
            "issuer_public": self.public["issuer"],
            "coordinator_public": self.public["coordinator"],
            "broker_public": self.public["broker_signing"],
            "models_root": str(metadata / "models/metadata/1.root.json"),
            "director_root": str(metadata / "director-root/1.root.json"),
            # Few devices and public digits: the plans add no noise, and a device
            # must be told that this is meant.
            "policy": {"allow_without_noise": True},
        }
        if export_updates:
            config["export_updates"] = str(export_updates)
        self._configs[name] = (storage, config)
        return certificate

    def start_device(self, name, on_event=None, env=None):
        storage, config = self._configs[name]
        config["grpc"] = f"127.0.0.1:{self.endpoints['grpc_port']}"
        path = storage / "device.json"
        path.write_text(json.dumps(config, indent=1) + "\n")
        child = Child(name, [self.tools / "sotto-device", "run", "--config", path],
                      self.out / "logs" / f"{name}.log", on_event=on_event, env=env)
        self.devices[name] = child
        return child

    def storage(self, name):
        return self._configs[name][0]

    def stop(self):
        """SIGTERM to all, devices first; returns {name: exit code}."""
        for child in self.devices.values():
            if child.alive():
                child.process.terminate()
        codes = {name: child.stop() for name, child in self.devices.items()}
        if self.coordinator:
            codes["coordinator"] = self.coordinator.stop()
        return codes
