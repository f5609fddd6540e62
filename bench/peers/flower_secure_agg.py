"""A round of Flower's SecAgg+ in one process, its server's compute measured.

    flower_secure_agg.py CLIENTS DROPPED LENGTH THRESHOLD

Both sides are the package's own: `SecAggPlusWorkflow` asks, `secaggplus_mod` answers,
and only the network between them is ours. The first DROPPED nodes fall silent once
they have sent their shares. Prints JSON: processor time of the workflow without that
of the clients, in all and by stage, and of its parts alone.
"""
import copy
import importlib.metadata
import json
import logging
import sys
import time

import numpy as np
from flwr.app import ConfigRecord, Context, Message, RecordDict
from flwr.client.mod import secaggplus_mod
from flwr.common import (Code, FitRes, Status, ndarrays_to_parameters,
                         parameters_to_ndarrays)
from flwr.common.secure_aggregation.secaggplus_utils import pseudo_rand_gen
from flwr.compat.common import recorddict_compat
from flwr.server.client_manager import SimpleClientManager
from flwr.server.client_proxy import ClientProxy
from flwr.server.compat.legacy_context import LegacyContext
from flwr.server.strategy import FedAvg
from flwr.server.workflow import SecAggPlusWorkflow
from flwr.server.workflow.constant import (MAIN_CONFIGS_RECORD, MAIN_PARAMS_RECORD,
                                           Key)
from flwr.supercore.task_identity import TaskIdentity

SETTINGS = {"max_weight": 1.0, "clipping_range": 1.0, "quantization_range": 1 << 16,
            "modulus_range": 1 << 32}
STAGES = ("setup_stage", "share_keys_stage", "collect_masked_vectors_stage",
          "unmask_stage")


class Proxy(ClientProxy):
    """What the strategy samples; nothing is asked of it."""

    def _never(self, *_):
        raise AssertionError("the workflow talks to nodes by messages")
    get_properties = get_parameters = fit = evaluate = reconnect = _never


class Nodes:
    """The grid: hands each message to the client modifier of its node."""

    def __init__(self, vectors, silent):
        self.vectors, self.silent = vectors, silent
        self.contexts = {node: Context(1, node, {}, RecordDict(), {})
                         for node in vectors}
        self.calls, self.seconds = 0, 0.0

    def send_and_receive(self, messages, **_):
        start = time.process_time()
        replies = []
        for message in messages:
            node = message.metadata.dst_node_id
            if self.calls >= 2 and node in self.silent:
                continue
            # A node has a copy of its own, as from a network.
            replies.append(secaggplus_mod(copy.deepcopy(message), self.contexts[node],
                                          self._train))
        self.calls += 1
        self.seconds += time.process_time() - start
        return replies

    def _train(self, message, context):
        result = FitRes(Status(Code.OK, ""),
                        ndarrays_to_parameters([self.vectors[context.node_id]]), 1, {})
        return Message(recorddict_compat.fitres_to_recorddict(result, False),
                       reply_to=message)


def seconds_of(call, repeat):
    least = float("inf")
    for _ in range(repeat):
        start = time.process_time()
        call()
        least = min(least, time.process_time() - start)
    return least


def main():
    clients, dropped, length, threshold = map(int, sys.argv[1:])
    logging.getLogger("flwr").setLevel(logging.ERROR)
    TaskIdentity.task_id = TaskIdentity.run_id = 1
    TaskIdentity.node_id = 0
    rng = np.random.default_rng(1)
    vectors = {node: rng.uniform(-1, 1, length) for node in range(1, clients + 1)}
    silent = set(range(1, dropped + 1))
    manager = SimpleClientManager()
    for node in vectors:
        proxy = Proxy(str(node))
        proxy.node_id = node
        manager.register(proxy)
    strategy = FedAvg(fraction_fit=1.0, min_fit_clients=clients,
                      min_available_clients=clients)
    context = LegacyContext(Context(1, 0, {}, RecordDict(), {}), strategy=strategy,
                            client_manager=manager)
    context.state.config_records[MAIN_CONFIGS_RECORD] = ConfigRecord(
        {Key.CURRENT_ROUND: 1})
    context.state.array_records[MAIN_PARAMS_RECORD] = \
        recorddict_compat.parameters_to_arrayrecord(
            ndarrays_to_parameters([np.zeros(length)]), True)
    workflow = SecAggPlusWorkflow(clients, threshold, **SETTINGS)
    nodes = Nodes(vectors, silent)
    stages = {}

    def timed(name):
        stage = getattr(SecAggPlusWorkflow, name)

        def run(grid, context, state):
            before, start = nodes.seconds, time.process_time()
            done = stage(workflow, grid, context, state)
            stages[name] = time.process_time() - start - (nodes.seconds - before)
            return done
        return run
    for name in STAGES:
        setattr(workflow, name, timed(name))
    workflow(nodes, context)
    if len(stages) != len(STAGES):
        sys.exit("the workflow halted at " + list(stages)[-1])
    mean = parameters_to_ndarrays(recorddict_compat.arrayrecord_to_parameters(
        context.state.array_records[MAIN_PARAMS_RECORD], True))[0]
    exact = np.mean([v for node, v in vectors.items() if node not in silent], axis=0)
    error = float(np.max(np.abs(mean - exact)))
    if error > 1e-3:
        sys.exit(f"the mean is wrong by {error}")
    print(json.dumps({
        "package": "flwr", "version": importlib.metadata.version("flwr"),
        "settings": {"num_shares": clients, "reconstruction_threshold": threshold,
                     **SETTINGS},
        "server_seconds": sum(stages.values()), "stages": stages,
        "clients_seconds": nodes.seconds, "largest_error": error,
        "mask_seconds": seconds_of(
            lambda: pseudo_rand_gen(bytes(32), 1 << 32, [(length,)]), 7)}))


if __name__ == "__main__":
    main()
