"""Command line of the quick start."""
import argparse

DESCRIPTION = """\
Runs the whole Sotto loop on this machine, on real handwritten digits: makes the
identities, publishes a watermarked model, starts a coordinator and a fleet of
devices, trains under secure aggregation while some devices are killed, rolls the
result out as an A/B test, reverts a broken release, and traces a leaked copy.
Writes report.json and report.html. Exit 0 only if every check held.
"""


def positive(low, high):
    def parse(text):
        value = int(text)
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{value} is outside {low}..{high}")
        return value
    return parse


def parse(argv):
    parser = argparse.ArgumentParser(
        prog="deploy/quickstart", description=DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", metavar="DIR",
                        help="MNIST-style IDX folder instead of the digits")
    parser.add_argument("--devices", type=positive(8, 64), default=24,
                        help="device processes, 8..64 (default 24)")
    parser.add_argument("--rounds", type=positive(1, 200), default=15,
                        help="federated rounds (default 15)")
    parser.add_argument("--out", metavar="DIR", default="quickstart-out",
                        help="everything is written here (default quickstart-out)")
    parser.add_argument("--port", type=positive(0, 65534), default=0,
                        help="gRPC port on 127.0.0.1, HTTPS on the next one "
                             "(default: two free ones)")
    parser.add_argument("--seed", type=int, default=1,
                        help="of the data split, the model and the kills (default 1)")
    parser.add_argument("--binaries", metavar="DIR", help=argparse.SUPPRESS)
    parser.add_argument("--digits", metavar="FILE", help=argparse.SUPPRESS)
    return parser.parse_args(argv)
