#!/usr/bin/env python3
"""The peers of bench_encoder that run ONNX: OpenVINO and ONNX Runtime, milliseconds a photo.

    python3 tests/bench/engine_peer.py openvino|onnxruntime f32|bf16|int8 FOLDER PHOTOS THREADS

FOLDER holds PHOTOS.onnx and PHOTOS.int8.onnx, which engine_model.py wrote. With two threads or more, the
engine shares each call among its threads, or as many callers of one thread each have photos of their own:
streams of OpenVINO, or sessions of ONNX Runtime. Prints the fastest and which it was; a figure is the best
of several rounds, since the machine's other work only ever adds.

OpenVINO's kernels (oneDNN) are limited by ONEDNN_MAX_CPU_ISA; ONNX Runtime by without_avx.py. ONNX Runtime
computes no convolution in bfloat16 on x86-64: it has no figure there.
"""
import sys
import threading
import time

import numpy

ROUNDS, PASSES = 10, 4


def photos_of(photos, size):
    random = numpy.random.default_rng(0)
    return random.standard_normal((photos, 3, size, size), numpy.float32)


def best_of(work, photos):
    """Milliseconds a photo, where work() is PASSES passes of `photos` photos in all."""
    work()
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best * 1e3 / photos


def openvino(path, precision, photos, threads):
    import openvino

    core = openvino.Core()
    for streams in sorted({1, threads}):
        hint = openvino.Type.bf16 if precision == "bf16" else openvino.Type.f32
        compiled = core.compile_model(
            path,
            "CPU",
            {
                "INFERENCE_NUM_THREADS": threads,
                "NUM_STREAMS": streams,
                "INFERENCE_PRECISION_HINT": hint,
            },
        )
        if precision == "bf16" and compiled.get_property("INFERENCE_PRECISION_HINT") != hint:
            sys.exit("engine_peer.py: this processor has no bfloat16")
        requests = [compiled.create_infer_request() for _ in range(streams)]
        images = photos_of(photos, compiled.input(0).shape[2])
        for request in requests:
            request.set_input_tensor(openvino.Tensor(images.copy()))
        passes = max(1, PASSES // photos)

        def work():
            if streams == 1:
                for _ in range(passes):
                    requests[0].infer()
                return
            for _ in range(passes):
                for request in requests:
                    request.start_async()
                for request in requests:
                    request.wait()

        figure = best_of(work, passes * photos * streams)
        yield figure, f"OpenVINO, {streams} stream(s), {threads} thread(s)"


def onnxruntime(path, precision, photos, threads):
    import onnxruntime

    if precision == "bf16":
        sys.exit("engine_peer.py: ONNX Runtime has no convolution in bfloat16 here")
    for callers in sorted({1, threads}):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads // callers
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        sessions = [
            onnxruntime.InferenceSession(path, options, ["CPUExecutionProvider"])
            for _ in range(callers)
        ]
        images = photos_of(photos, sessions[0].get_inputs()[0].shape[2])
        passes = max(1, PASSES // photos)

        def call(session):
            for _ in range(passes):
                session.run(None, {"photos": images})

        def work():
            others = [threading.Thread(target=call, args=(s,)) for s in sessions[1:]]
            for other in others:
                other.start()
            call(sessions[0])
            for other in others:
                other.join()

        figure = best_of(work, passes * photos * callers)
        yield figure, f"ONNX Runtime, {callers} caller(s) of {threads // callers} thread(s)"


def main():
    engines = {"openvino": openvino, "onnxruntime": onnxruntime}
    if len(sys.argv) != 6 or sys.argv[1] not in engines or sys.argv[2] not in ("f32", "bf16", "int8"):
        sys.exit("engine_peer.py: expected an engine, a precision, a folder, photos and threads")
    engine, precision, folder, photos, threads = sys.argv[1:]
    path = f"{folder}/{photos}{'.int8' if precision == 'int8' else ''}.onnx"
    figure, how = min(engines[engine](path, precision, int(photos), int(threads)))
    print(f"{figure:.3f} {how}")


if __name__ == "__main__":
    main()
