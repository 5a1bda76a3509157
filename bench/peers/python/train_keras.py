"""The seed model in Keras: train_keras.py jax|tensorflow."""
import os
import sys

os.environ["KERAS_BACKEND"] = sys.argv[1]
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import keras

from contender import load, read_work, report_training, seconds

work = read_work()
pixels, labels, test_pixels, test_labels = load(work)
labels, test_labels = (keras.utils.to_categorical(one, 10) for one in (labels, test_labels))
inputs, *hidden, classes = work.sizes

model = keras.Sequential([
    keras.Input((inputs,)),
    *[keras.layers.Dense(units, activation="relu") for units in hidden],
    keras.layers.Dense(classes, activation="softmax"),
])
rate = keras.optimizers.schedules.InverseTimeDecay(work.learningRate, decay_steps=1, decay_rate=work.decay)
optimizer = keras.optimizers.SGD(rate, momentum=work.momentum, nesterov=True)
model.compile(optimizer=optimizer, loss="categorical_crossentropy", metrics=["accuracy"])

ends = []
clock = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: ends.append(seconds()))
history = model.fit(pixels, labels, batch_size=work.batchSize, epochs=1 + work.epochs, verbose=0,
                    callbacks=[clock]).history
_, test_accuracy = model.evaluate(test_pixels, test_labels, verbose=0)

version = f"{keras.__version__} on {keras.backend.backend()} {sys.modules[sys.argv[1]].__version__}"
report_training(version, ends, zip(history["loss"], history["accuracy"]), test_accuracy)
