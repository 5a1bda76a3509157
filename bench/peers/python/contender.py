"""What contenders written in Python have in common: the protocol, and the data."""
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy

started = time.perf_counter()


def seconds():
    """Since the process began, but for the interpreter's own start."""
    return time.perf_counter() - started


def read_work():
    """The work as JSON on standard input; work.ts says what is in it."""
    return SimpleNamespace(**json.load(sys.stdin))


def read_idx(path):
    """The bytes of an IDX file, in the shape that its header says."""
    content = numpy.fromfile(path, numpy.uint8)
    axes = int(content[3])
    shape = content[4 : 4 + 4 * axes].view(">u4")
    return content[4 + 4 * axes :].reshape(shape)


def load(work):
    """Pixels from 0 to 1 as (rows, 784), float32, and labels, uint8: of the training set, of the test set."""

    def split(name):
        images, labels = (read_idx(Path(work.data) / f"{name}-{kind}-ubyte") for kind in ("images-idx3", "labels-idx1"))
        return images.reshape(len(images), -1).astype(numpy.float32) / 255, labels

    return (*split("train"), *split("t10k"))


def report_training(version, ends, history, test_accuracy):
    """`ends` are the times at which epochs ended; the first epoch, with what was compiled in it, is setup."""
    epochs = [end - begin for begin, end in zip(ends, ends[1:])]
    history = [{"loss": float(loss), "accuracy": float(accuracy)} for loss, accuracy in history]
    print("\n" + json.dumps({"version": version, "setup": ends[0], "epochs": epochs, "history": history,
                             "testAccuracy": float(test_accuracy)}))
