#!/usr/bin/env python3
"""Writes the encoder of a caption model as ONNX, for the peers that run such files.

    python3 tests/bench/engine_model.py MODEL.safetensors SIZE PHOTOS OUT

OUT.onnx has float32 weights and the input (PHOTOS, 3, SIZE, SIZE); batch norm is folded, as in the model;
the output is the mean over the last map. OUT.int8.onnx is the same quantized by ONNX Runtime: QDQ, weights of
8 bits with a scale for each channel, activations of 8 bits with a scale for each tensor.

Needs numpy, onnx and onnxruntime (engines_venv in lib.sh makes a virtual environment with them).
"""
import json
import os
import struct
import sys

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

CALIBRATION_PHOTOS = 4


def read_tensors(path):
    """The metadata and the tensors, as float32."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    kinds = {"F32": numpy.float32, "F16": numpy.float16}
    tensors = {}
    metadata = header.pop("__metadata__")
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        numbers = numpy.frombuffer(data[begin:end], kinds[entry["dtype"]])
        tensors[name] = numbers.astype(numpy.float32).reshape(entry["shape"])
    return metadata, tensors


class Graph:
    """Convolutions, one behind the other."""

    def __init__(self, tensors):
        self.tensors, self.nodes, self.weights = tensors, [], []
        self.weights.append(numpy_helper.from_array(numpy.float32(0), "zero"))
        self.weights.append(numpy_helper.from_array(numpy.float32(6), "six"))

    def add(self, operation, inputs, name, **attributes):
        self.nodes.append(helper.make_node(operation, inputs, [name], name=name, **attributes))
        return name

    def convolution(self, x, name, stride=1, rectify=True):
        weight, bias = self.tensors[name + ".weight"], self.tensors[name + ".bias"]
        kernel, inputs = weight.shape[2], weight.shape[1]
        total = kernel - stride  # TensorFlow's SAME; every side here is a multiple of the stride
        pads = [total // 2] * 2 + [total - total // 2] * 2
        groups = weight.shape[0] if inputs == 1 and kernel > 1 else 1
        for tensor, end in ((weight, ".weight"), (bias, ".bias")):
            self.weights.append(numpy_helper.from_array(tensor, name + end))
        out = self.add(
            "Conv",
            [x, name + ".weight", name + ".bias"],
            name,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            pads=pads,
            group=groups,
        )
        return self.add("Clip", [out, "zero", "six"], name + ".relu6") if rectify else out

    def block(self, x, name, kind, stride, inputs):
        if kind == "ds":
            y = self.convolution(x, name + ".conv_dw", stride)
            last = name + ".conv_pw"
        else:
            y = self.convolution(x, name + ".conv_pw")
            y = self.convolution(y, name + ".conv_dw", stride)
            last = name + ".conv_pwl"
        y = self.convolution(y, last, rectify=False)
        outputs = self.tensors[last + ".weight"].shape[0]
        if stride == 1 and inputs == outputs and kind == "ir":
            y = self.add("Add", [y, x], name + ".sum")
        return y, outputs


def network(metadata, tensors, size, photos):
    graph, stage = Graph(tensors), 0
    x, channels = "photos", 0
    for word in metadata["encoder"].split():
        kind, *fields = word.split("_")
        numbers = {field[0]: int(field[1:]) for field in fields}
        if kind == "stem":
            x = graph.convolution(x, "encoder.conv_stem", 2)
            channels = numbers["c"]
        elif kind == "head":
            x = graph.convolution(x, "encoder.conv_head")
        else:
            for repeat in range(numbers["r"]):
                stride = numbers["s"] if repeat == 0 else 1
                name = f"encoder.blocks.{stage}.{repeat}"
                x, channels = graph.block(x, name, kind, stride, channels)
            stage += 1
    graph.add("GlobalAveragePool", [x], "mean")
    graph.add("Flatten", ["mean"], "features")
    shapes = {"photos": [photos, 3, size, size], "features": [photos, None]}
    ends = [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in shapes.items()]
    made = helper.make_graph(graph.nodes, "encoder", ends[:1], ends[1:], graph.weights)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return model


class Noise(CalibrationDataReader):
    """Photos of noise: which ranges they give does not matter for the time."""

    def __init__(self, photos, size):
        random = numpy.random.default_rng(0)
        shape = (photos, 3, size, size)
        self.left = [
            {"photos": random.standard_normal(shape, numpy.float32)}
            for _ in range(max(1, CALIBRATION_PHOTOS // photos))
        ]

    def get_next(self):
        return self.left.pop() if self.left else None


def main():
    if len(sys.argv) != 5:
        sys.exit("engine_model.py: expected a model, the size, the number of photos and a path")
    path, size, photos, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    metadata, tensors = read_tensors(path)
    onnx.save(network(metadata, tensors, size, photos), out + ".onnx")
    quant_pre_process(out + ".onnx", out + ".folded.onnx", skip_symbolic_shape=True)
    quantize_static(
        out + ".folded.onnx",
        out + ".int8.onnx",
        Noise(photos, size),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
    )
    os.remove(out + ".folded.onnx")


if __name__ == "__main__":
    main()
