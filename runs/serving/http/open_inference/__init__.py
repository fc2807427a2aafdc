"""The Open Inference Protocol, version 2, over HTTP: as KServe, Triton and their clients speak it."""
