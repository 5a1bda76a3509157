"""Writes the model that quern has trained as ONNX: Gemm and Relu by turns, Softmax at the end."""
from itertools import pairwise

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

from contender import read_work

work = read_work()
values = numpy.fromfile(work.weights, numpy.float32)
nodes, initializers, x = [], [], "x"
for layer, (inputs, units) in enumerate(pairwise(work.sizes)):
    kernel, bias, values = numpy.split(values, [inputs * units, (inputs + 1) * units])
    initializers.append(numpy_helper.from_array(kernel.reshape(inputs, units), f"kernel{layer}"))
    initializers.append(numpy_helper.from_array(bias, f"bias{layer}"))
    is_last = layer == len(work.sizes) - 2
    nodes.append(helper.make_node("Gemm", [x, f"kernel{layer}", f"bias{layer}"], [f"product{layer}"]))
    x = "probabilities" if is_last else f"hidden{layer}"
    nodes.append(helper.make_node("Softmax" if is_last else "Relu", [f"product{layer}"], [x]))

graph = helper.make_graph(
    nodes, "seed",
    [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["rows", work.sizes[0]])],
    [helper.make_tensor_value_info(x, TensorProto.FLOAT, ["rows", work.sizes[-1]])],
    initializers)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
onnx.checker.check_model(model)
onnx.save(model, work.onnx)
print("null")
