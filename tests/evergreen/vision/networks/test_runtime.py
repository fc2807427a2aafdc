"""evergreen.vision.networks.runtime: TensorFlow runs on the number of threads it was started with."""

import pytest

from evergreen.errors import ThreadsFixed
from evergreen.images.processors import of_this_step, processors
from evergreen.vision.networks import runtime


def test_another_number_than_tensorflow_runs_on_is_refused() -> None:
    import tensorflow as tf

    runtime.start()
    tf.constant(0) + 1
    now = tf.config.threading.get_intra_op_parallelism_threads() or processors()  # 0: it began before we asked
    runtime.start(threads=now)
    with pytest.raises(ThreadsFixed, match=f"compute on {now + 1} threads.* runs on {now} already"):
        runtime.start(threads=now + 1)
    token = of_this_step.set(now + 1)  # the key of a step says so
    try:
        with pytest.raises(ThreadsFixed, match="in a process of its own"):
            runtime.start()
    finally:
        of_this_step.reset(token)
    runtime.start()  # whatever it runs on, where nothing depends on it


def test_generators_are_set_back_and_no_graph_is_prepared_again(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras
    import numpy as np
    from tensorflow.python.eager import context

    runtime.start(1)
    model = keras.Sequential([keras.Input((50,)), keras.layers.Dropout(0.5), keras.layers.Dropout(0.5)])
    ones = np.ones((1, 50), np.float32)

    def drawn() -> bytes:
        return np.asarray(model(ones, training=True)).tobytes()

    # What setting TensorFlow's seed ends in: every kernel and graph that is ready is thrown away.
    monkeypatch.setattr(context.context(), "_set_global_seed", lambda seed: pytest.fail("its graphs are thrown away"))
    runtime.reseed(model, 7)
    first = [drawn(), drawn()]
    assert first[0] != first[1]
    runtime.reseed(model, 7)
    assert [drawn(), drawn()] == first
    runtime.reseed(model, 8)
    assert drawn() != first[0]


def test_what_was_traced_for_a_training_is_let_go() -> None:
    import gc
    import weakref

    import keras
    import numpy as np
    from tensorflow.python.framework.func_graph import FuncGraph

    runtime.start(1)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, activation="softmax")])
    model.compile("adam", "categorical_crossentropy", jit_compile=False)
    before = {id(one) for one in gc.get_objects() if isinstance(one, FuncGraph)}
    model.fit(np.ones((2, 4), np.float32), np.eye(2, dtype=np.float32), verbose=0)
    traced = [weakref.ref(one) for one in gc.get_objects() if isinstance(one, FuncGraph) and id(one) not in before]
    assert traced
    del model
    runtime.start(1)
    gc.collect()
    assert not any(one() for one in traced), "a worker that trains one network after the other would grow with each"
