"""The seed model in PyTorch, eager, with the fused SGD."""
from itertools import pairwise

import torch
from torch import nn

from contender import load, read_work, report_training, seconds

work = read_work()
pixels, labels, test_pixels, test_labels = (torch.from_numpy(array) for array in load(work))
labels, test_labels = labels.long(), test_labels.long()
rows = len(pixels)

layers = [nn.Linear(inputs, units) for inputs, units in pairwise(work.sizes)]
for layer in layers:
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
model = nn.Sequential(layers[0], *[part for layer in layers[1:] for part in (nn.ReLU(), layer)])
optimizer = torch.optim.SGD(model.parameters(), lr=work.learningRate, momentum=work.momentum, nesterov=True, fused=True)
steps = 0


def step(x, y):
    """One step; the sum of losses and the number of rows that were right, which nobody waits for."""
    global steps
    optimizer.param_groups[0]["lr"] = work.learningRate / (1 + work.decay * steps)
    steps += 1
    optimizer.zero_grad(set_to_none=True)
    outputs = model(x)
    loss = nn.functional.cross_entropy(outputs, y)
    loss.backward()
    optimizer.step()
    return loss.detach() * len(y), (outputs.argmax(1) == y).sum()


def epoch():
    loss, right = torch.zeros(()), torch.zeros((), dtype=torch.long)
    for batch in torch.randperm(rows).split(work.batchSize):
        batch_loss, batch_right = step(pixels[batch], labels[batch])
        loss += batch_loss
        right += batch_right
    return loss.item() / rows, right.item() / rows


ends, history = [], []
for _ in range(1 + work.epochs):
    history.append(epoch())
    ends.append(seconds())
with torch.no_grad():
    test_accuracy = (model(test_pixels).argmax(1) == test_labels).float().mean()
report_training(torch.__version__, ends, history, test_accuracy)
