"""What a result was measured on."""
import os
import platform


def describe_machine():
    model, flags = platform.machine(), set()
    try:
        with open("/proc/cpuinfo") as info:
            for line in info:
                key, _, value = line.partition(":")
                if key.strip() == "model name":
                    model = value.strip()
                elif key.strip() == "flags":
                    flags = set(value.split())
    except OSError:
        pass
    wanted = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8")
    return {"processor": model, "cores": len(os.sched_getaffinity(0)),
            "instructions": [w for w in wanted if w in flags],
            "system": platform.system() + " " + platform.release(),
            "load_average": os.getloadavg()[0]}
