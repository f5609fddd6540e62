"""IDX files, the format of MNIST: unsigned bytes with a big-endian header."""
import gzip
import pathlib
import struct

NAMES = {"train": ("train-images-idx3-ubyte", "train-labels-idx1-ubyte"),
         "test": ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")}


def write_split(folder, split, images, labels, height, width):
    """`images` are bytes objects of height * width pixels, `labels` integers."""
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    image_name, label_name = NAMES[split]
    (folder / image_name).write_bytes(
        struct.pack(">IIII", 0x0803, len(images), height, width) + b"".join(images))
    (folder / label_name).write_bytes(
        struct.pack(">II", 0x0801, len(labels)) + bytes(labels))


def _read(folder, name):
    for path in (folder / name, folder / (name + ".gz")):
        if path.exists():
            data = path.read_bytes()
            return gzip.decompress(data) if path.suffix == ".gz" else data
    raise FileNotFoundError(f"{folder}: neither {name} nor {name}.gz is there")


def read_split(folder, split):
    """Returns (images, labels, height, width); ValueError names a bad file."""
    folder = pathlib.Path(folder)
    image_name, label_name = NAMES[split]
    data = _read(folder, image_name)
    labels = _read(folder, label_name)
    if len(data) < 16 or len(labels) < 8:
        raise ValueError(f"{folder}: {image_name} or {label_name} is cut short")
    magic, count, height, width = struct.unpack(">IIII", data[:16])
    label_magic, label_count = struct.unpack(">II", labels[:8])
    if magic != 0x0803 or label_magic != 0x0801:
        raise ValueError(f"{folder}: {image_name} or {label_name} is no IDX file")
    size = height * width
    if count != label_count or len(data) != 16 + count * size or \
            len(labels) != 8 + count:
        raise ValueError(f"{folder}: sizes of {split} images and labels disagree")
    images = [data[16 + i * size:16 + (i + 1) * size] for i in range(count)]
    return images, list(labels[8:]), height, width
