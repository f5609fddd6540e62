#!/usr/bin/env python3
"""LiteRT's side of bench/run runtime: its wheel, XNNPACK on, as it comes.

    litert_worker.py repair MODEL OUT       a copy that it loads, if it refuses
                                            quantised dimensions of old converters
    litert_worker.py serve MODEL THREADS    as sotto-bench-runtime serve
    litert_worker.py cold MODEL THREADS     as sotto-bench-runtime cold

Inputs are set outside the timed part. What is timed is the interpreter's own
Invoke, called through a bound method; what the call itself costs, measured on a
method that does nothing, is taken off as is the clock's cost.
"""
import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from ai_edge_litert.interpreter import Interpreter


def create(path, threads):
    interpreter = Interpreter(model_path=path, num_threads=threads)
    interpreter.allocate_tensors()
    return interpreter


def fill(interpreter):
    for detail in interpreter.get_input_details():
        count = int(np.prod(detail["shape"], dtype=np.int64))
        numbers = np.arange(count, dtype=np.int64) * 37 % 251
        if detail["dtype"] == np.float32:
            numbers = numbers.astype(np.float32) / np.float32(251)
        interpreter.set_tensor(detail["index"],
                               numbers.astype(detail["dtype"]).reshape(detail["shape"]))


def status_bytes(key):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
    return 0


def timed(call, count):
    clock = time.perf_counter_ns
    times = [0] * count
    for i in range(count):
        start = clock()
        call()
        times[i] = clock() - start
    return times


def serve(path, threads):
    interpreter = create(path, threads)
    fill(interpreter)
    interpreter.invoke()
    inner = interpreter._interpreter  # the wrapper's method checks arguments first
    cost = sorted(timed(inner.NumSubgraphs, 1001))[500]
    print(json.dumps({"clock_ns": cost}), flush=True)
    for line in sys.stdin:
        times = timed(inner.Invoke, max(1, int(line)))
        print(json.dumps([max(t - cost, 1) for t in times]), flush=True)


def cold(path, threads):
    resident = status_bytes("VmRSS")
    start = time.perf_counter_ns()
    interpreter = create(path, threads)
    ready = time.perf_counter_ns()
    fill(interpreter)
    filled = time.perf_counter_ns()
    interpreter.invoke()
    end = time.perf_counter_ns()
    print(json.dumps({"load_ns": ready - start, "first_ns": end - filled + ready - start,
                      "resident_bytes": status_bytes("VmRSS") - resident,
                      "peak_bytes": status_bytes("VmHWM") - resident}))


def repair(path, out):
    """Writes `out` only if LiteRT refuses the model for its quantised dimensions."""
    try:
        create(path, 1)
        return
    except ValueError as error:
        if "quantized_dimension" not in str(error):
            raise
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema
    with open(path, "rb") as file:
        tree = schema.ModelT.InitFromObj(schema.Model.GetRootAs(file.read(), 0))
    for graph in tree.subgraphs:
        for tensor in graph.tensors:
            rank = 0 if tensor.shape is None else len(tensor.shape)
            if tensor.quantization and tensor.quantization.quantizedDimension >= max(rank, 1):
                tensor.quantization.quantizedDimension = 0
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(tree.Pack(builder), b"TFL3")
    with open(out, "wb") as file:
        file.write(builder.Output())


if __name__ == "__main__":
    command, *words = sys.argv[1:]
    if command == "repair":
        repair(*words)
    else:
        {"serve": serve, "cold": cold}[command](words[0], int(words[1]))
