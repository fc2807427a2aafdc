"""The network of the cifar10 recipe in PyTorch: images a second of a training step, in float32 and in bfloat16.

Run by ``cifar10/epoch.py --torch PYTHON`` in an environment that has PyTorch; it knows nothing of Evergreen.
"""

import sys
import time

import torch
from torch import nn

STEPS = 40


def network() -> nn.Module:
    """Return three blocks of two convolutions, 64, 128 and 256 filters, and the dense head."""
    layers: list[nn.Module] = []
    before = 3
    for filters, dropout in ((64, 0.2), (128, 0.3), (256, 0.4)):
        for _ in range(2):
            layers += [nn.Conv2d(before, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU()]
            before = filters
        layers += [nn.MaxPool2d(2), nn.Dropout(dropout)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(256, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, 10)]
    return nn.Sequential(*layers, *head).to(memory_format=torch.channels_last)


def main() -> None:
    """Print images a second."""
    threads, batch = int(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(threads)
    for kind in (torch.float32, torch.bfloat16):
        torch.manual_seed(0)
        model = network()
        optimizer = torch.optim.Adam(model.parameters())
        images = torch.rand(batch, 3, 32, 32).to(memory_format=torch.channels_last)
        labels = torch.randint(0, 10, (batch,))
        began = 0.0
        for step in range(STEPS + 5):
            if step == 5:  # warm
                began = time.perf_counter()
            optimizer.zero_grad()
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=kind is torch.bfloat16):
                loss = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
        rate = STEPS * batch / (time.perf_counter() - began)
        print(f"PyTorch {torch.__version__}, {kind}, {threads} threads, channels-last: {rate:,.0f} images/s")


if __name__ == "__main__":
    main()
