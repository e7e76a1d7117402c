#!/usr/bin/python3
"""Writes msgpack.json: values and their encoding by python3-msgpack, an implementation that shares
no line with core/codec.  Each value is a pair of a letter and its content: u(nsigned) and i (negative) as
decimal text, b(ool), t(ext), x (binary, as hex), a(rray), m(ap) as pairs of key and value."""

import json
import pathlib
import random

import msgpack


def boundary_numbers():
    for bits in (5, 7, 8, 15, 16, 31, 32, 63, 64):
        for nudge in (-1, 0, 1):
            yield 2**bits + nudge
            yield -(2**bits) + nudge


def describe(value):
    if isinstance(value, bool):
        return ["b", value]
    if isinstance(value, int):
        return ["u" if value >= 0 else "i", str(value)]
    if isinstance(value, str):
        return ["t", value]
    if isinstance(value, bytes):
        return ["x", value.hex()]
    if isinstance(value, list):
        return ["a", [describe(element) for element in value]]
    return ["m", [[str(key), describe(value[key])] for key in value]]


def random_value(rng, depth):
    kind = rng.choice("ubitx" if depth == 0 else "ubitxaammm")
    if kind == "u":
        return rng.getrandbits(rng.choice((3, 7, 8, 9, 16, 17, 32, 33, 64)))
    if kind == "i":
        return -1 - rng.getrandbits(rng.choice((3, 5, 6, 7, 8, 15, 16, 31, 32, 63)))
    if kind == "b":
        return rng.random() < 0.5
    if kind == "t":
        return "".join(rng.choice("az09 \0äß€\ud7ff\ue000𐀀😀\U0010ffff") for _ in range(rng.randrange(40)))
    if kind == "x":
        return rng.randbytes(rng.randrange(40))
    if kind == "a":
        return [random_value(rng, depth - 1) for _ in range(rng.randrange(18))]
    keys = sorted({rng.getrandbits(rng.choice((4, 8, 16, 64))) for _ in range(rng.randrange(18))})
    return {key: random_value(rng, depth - 1) for key in keys}


def main():
    values = [0, True, False]
    values += [n for n in boundary_numbers() if -(2**63) <= n < 2**64]
    values += ["x" * n for n in (0, 1, 31, 32, 255, 256)] + ["😀" * 64, "é" * 16]
    values += [bytes(n) for n in (0, 1, 255, 256, 300)]
    values += [[0] * n for n in (0, 1, 15, 16, 17)] + [{k: k for k in range(n)} for n in (0, 1, 15, 16, 17)]
    nested = 0
    for _ in range(8):
        nested = [nested]
    values.append(nested)
    rng = random.Random(1)
    values += [random_value(rng, 2) for _ in range(60)]

    lines = [json.dumps({"hex": msgpack.packb(value).hex(), "value": describe(value)}) for value in values]
    # Too long to be written out: only their kind, length and first bytes.
    large = []
    for n in (65535, 65536):
        large.append({"kind": "t", "count": n, "head": msgpack.packb("x" * n)[:5].hex()})
        large.append({"kind": "x", "count": n, "head": msgpack.packb(bytes(n))[:5].hex()})
        large.append({"kind": "a", "count": n, "head": msgpack.packb([0] * n)[:5].hex()})
        large.append({"kind": "m", "count": n, "head": msgpack.packb({k: 0 for k in range(n)})[:5].hex()})
    out = pathlib.Path(__file__).with_name("msgpack.json")
    out.write_text(
        '{"values": [\n' + ",\n".join(lines) + '\n], "large": [\n' + ",\n".join(map(json.dumps, large)) + "\n]}\n"
    )


if __name__ == "__main__":
    main()
