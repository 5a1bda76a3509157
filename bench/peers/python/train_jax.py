"""The seed model in JAX: an epoch is one compiled program, a scan over batches gathered where the data lie."""
from functools import partial
from itertools import pairwise

import jax
import jax.numpy as jnp

from contender import load, read_work, report_training, seconds

work = read_work()
pixels, labels, test_pixels, test_labels = (jnp.asarray(array) for array in load(work))
labels = labels.astype(jnp.int32)
rows = len(pixels)


def initial(key):
    """Glorot's uniform kernels, biases of zero."""
    keys = jax.random.split(key, len(work.sizes) - 1)
    glorot = jax.nn.initializers.glorot_uniform()
    return [(glorot(one, shape), jnp.zeros(shape[1])) for one, shape in zip(keys, pairwise(work.sizes))]


def logits(parameters, x):
    *hidden, (kernel, bias) = parameters
    for inner_kernel, inner_bias in hidden:
        x = jax.nn.relu(x @ inner_kernel + inner_bias)
    return x @ kernel + bias


def objective(parameters, x, y):
    """The mean loss of a batch, and the sum of losses and the number of rows that were right."""
    outputs = logits(parameters, x)
    losses = -jnp.take_along_axis(jax.nn.log_softmax(outputs), y[:, None], axis=1)
    return losses.mean(), jnp.array([losses.sum(), (outputs.argmax(axis=1) == y).sum()])


def step(data, state, batch):
    """Nesterov's momentum as Keras has it: v = m v - r g, w += m v - r g."""
    parameters, velocities, count = state
    pixels, labels = data
    gradients, sums = jax.grad(objective, has_aux=True)(parameters, pixels[batch], labels[batch])
    rate = work.learningRate / (1 + work.decay * count)
    velocities = jax.tree.map(lambda v, g: work.momentum * v - rate * g, velocities, gradients)
    parameters = jax.tree.map(lambda w, v, g: w + work.momentum * v - rate * g, parameters, velocities, gradients)
    return (parameters, velocities, count + 1), sums


@partial(jax.jit, donate_argnums=0)
def epoch(state, data, key):
    """All batches of a new order, the last one smaller; the means of loss and accuracy."""
    order = jax.random.permutation(key, rows)
    whole = rows - rows % work.batchSize
    state, sums = jax.lax.scan(partial(step, data), state, order[:whole].reshape(-1, work.batchSize))
    total = sums.sum(axis=0)
    if whole < rows:
        state, sums = step(data, state, order[whole:])
        total += sums
    return state, total / rows


key, first = jax.random.split(jax.random.key(0))
parameters = initial(first)
state = (parameters, jax.tree.map(jnp.zeros_like, parameters), jnp.zeros(()))
ends, history = [], []
for key in jax.random.split(key, 1 + work.epochs):
    state, means = epoch(state, (pixels, labels), key)
    history.append(means.tolist())  # waits for the epoch's end
    ends.append(seconds())
report_training(jax.__version__, ends, history, (logits(state[0], test_pixels).argmax(axis=1) == test_labels).mean())
