"""The network of airbench94 in PyTorch: images a second of a training step, whenever a line comes in.

Written after KellerJordan/cifar10-airbench, ``legacy/airbench94.py``. Run by ``cifar10/short.py PYTHON`` in an
environment that has PyTorch; it knows nothing of Evergreen.
"""

import sys
import time

import torch
from torch import nn


class Group(nn.Module):
    """Two convolutions; a pooling after the first; norms without a scale."""

    def __init__(self, before: int, filters: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(before, filters, 3, padding="same", bias=False)
        self.second = nn.Conv2d(filters, filters, 3, padding="same", bias=False)
        self.norms = nn.ModuleList([nn.BatchNorm2d(filters, momentum=0.4) for _ in range(2)])
        for norm in self.norms:
            norm.weight.requires_grad = False
        self.pool, self.activation = nn.MaxPool2d(2), nn.GELU()

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return half as many rows and columns."""
        images = self.activation(self.norms[0](self.pool(self.first(images))))
        return self.activation(self.norms[1](self.second(images)))


def network() -> nn.Module:
    """Return the network, channels-last."""
    whiten = nn.Conv2d(3, 24, 2)
    whiten.weight.requires_grad = False
    groups = [Group(before, filters) for before, filters in ((24, 64), (64, 256), (256, 256))]
    layers = [whiten, nn.GELU(), *groups, nn.MaxPool2d(3), nn.Flatten(), nn.Linear(256, 10, bias=False)]
    return nn.Sequential(*layers).to(memory_format=torch.channels_last)


def main() -> None:
    """Answer each line with images a second."""
    threads, batch, steps = (int(number) for number in sys.argv[1:4])
    low = sys.argv[4] == "bfloat16"
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = network()
    learns = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.SGD(learns, 1e-3, momentum=0.85, nesterov=True)
    images = torch.rand(batch, 3, 32, 32).to(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (batch,))

    def run() -> None:
        for _ in range(steps):
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=low):
                loss = nn.functional.cross_entropy(model(images) / 9, labels)
            loss.backward()
            optimizer.step()

    run()
    for _ in sys.stdin:
        began = time.perf_counter()
        run()
        print(steps * batch / (time.perf_counter() - began), flush=True)


if __name__ == "__main__":
    main()
