"""Trains small llamas on a file of tokens. Started by train.ts; PyTorch and numpy only.

usage: train.py JOB.json

JOB.json:  tokens, validation   files of little-endian 16-bit token ids, documents behind each other
           vocabulary, context, width, layers, heads, feedForward     the models' shape
           batch, learningRate, seed, threads, logEvery
           steps or minutes     how long; the learning rate falls to zero over the last fifth
           runs                 one or more models, trained side by side, step by step, on the same samples, each with
               name
               out              file for the weights, in the safetensors format, f32
               start            "anywhere": samples begin in the middle of the text, with no token of their own
                                "learned":  each sample begins with token 0, whose embedding is trained
                                "zero":     each sample begins with token 0, whose embedding is and stays zero

Prints JSON lines, one for each report of each run: run, step, tokens, seconds (of this run's own steps), loss (mean since
its last report), tokensPerSecond, and at a tenth of the reports also validationLoss and firstTokenShare (per layer, the
largest share over the heads of the attention that falls on position 0, mean over the queries of the second half of the
window).
"""

import json
import math
import struct
import sys
import time
from typing import Any, Dict, List, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

START_TOKEN = 0
NORM_EPSILON = 1e-5
ROPE_BASE = 10000.0
VALIDATION_SAMPLES = 64


class Attention(nn.Module):
    """Causal self-attention with rotary positions; no biases, as in llama."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width, bias=False)
        self.k = nn.Linear(width, width, bias=False)
        self.v = nn.Linear(width, width, bias=False)
        self.output = nn.Linear(width, width, bias=False)
        self.first_token_share: Tensor | None = None

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        batch, length, width = x.shape

        def split(y: Tensor) -> Tensor:
            return y.view(batch, length, self.heads, width // self.heads).transpose(1, 2)

        q, k, v = rotate(split(self.q(x)), cos, sin), rotate(split(self.k(x)), cos, sin), split(self.v(x))
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(width // self.heads) + mask, -1)
        if not self.training:
            self.first_token_share = weights[:, :, length // 2 :, 0].mean((0, 2)).max()
        return self.output((weights @ v).transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    """One layer: attention, then a gated feed-forward network (SwiGLU), each behind an RMS norm."""

    def __init__(self, width: int, heads: int, feed_forward: int) -> None:
        super().__init__()
        self.attention_norm = nn.Parameter(torch.ones(width))
        self.attention = Attention(width, heads)
        self.feed_forward_norm = nn.Parameter(torch.ones(width))
        self.gate = nn.Linear(width, feed_forward, bias=False)
        self.up = nn.Linear(width, feed_forward, bias=False)
        self.down = nn.Linear(feed_forward, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        x = x + self.attention(rms_norm(x, self.attention_norm), cos, sin, mask)
        h = rms_norm(x, self.feed_forward_norm)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


class Llama(nn.Module):
    """The llama architecture with tied embeddings. Tokens (batch, context) in, logits (batch, context, vocabulary) out."""

    def __init__(self, job: Dict[str, Any]) -> None:
        super().__init__()
        width, heads, context = job["width"], job["heads"], job["context"]
        self.embedding = nn.Parameter(torch.empty(job["vocabulary"], width))
        self.blocks = nn.ModuleList(Block(width, heads, job["feedForward"]) for _ in range(job["layers"]))
        self.norm = nn.Parameter(torch.ones(width))
        cos, sin = rotations(width // heads, context)
        self.register_buffer("cos", cos)
        self.register_buffer("sin", sin)
        self.register_buffer("mask", torch.full((context, context), -1e9).triu(1))
        nn.init.normal_(self.embedding, std=0.04)
        for name, weight in self.named_parameters():
            if weight.dim() == 2 and name != "embedding":
                into_stream = name.endswith(("output.weight", "down.weight"))
                nn.init.normal_(weight, std=0.04 / math.sqrt(2 * job["layers"]) if into_stream else 0.04)

    def forward(self, tokens: Tensor) -> Tensor:
        x = F.embedding(tokens, self.embedding)
        for block in self.blocks:
            x = block(x, self.cos, self.sin, self.mask)
        return rms_norm(x, self.norm) @ self.embedding.t()


def rms_norm(x: Tensor, weight: Tensor) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + NORM_EPSILON) * weight


def rotations(head_dim: int, context: int) -> Tuple[Tensor, Tensor]:
    """Cosines and sines of the rotary angles, (context, head_dim); the two halves of a head are a pair."""
    frequencies = ROPE_BASE ** (-torch.arange(0, head_dim, 2).float() / head_dim)
    angles = torch.outer(torch.arange(context).float(), frequencies).repeat(1, 2)
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    half = x.shape[-1] // 2
    return x * cos + torch.cat([-x[..., half:], x[..., :half]], -1) * sin


def read_tokens(path: str) -> Tensor:
    return torch.from_numpy(np.fromfile(path, "<u2").astype(np.int64))


def samples(data: Tensor, starts: Tensor, job: Dict[str, Any]) -> Tuple[Tensor, Tensor]:
    """Inputs and targets, (batch, context) each. The start token, if any, stands in the place of the first token."""
    context = job["context"]
    windows = data[starts[:, None] + torch.arange(context + 1)[None, :]]
    inputs = windows[:, :-1].clone()
    if job["start"] != "anywhere":
        inputs[:, 0] = START_TOKEN
    return inputs, windows[:, 1:]


def loss_of(model: Llama, batch: Tuple[Tensor, Tensor]) -> Tensor:
    """Mean negative log-likelihood in nats per token. The first target is left out: only some twins see its context."""
    logits = model(batch[0])[:, 1:]
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), batch[1][:, 1:].reshape(-1))


@torch.no_grad()
def evaluate(model: Llama, batches: List[Tuple[Tensor, Tensor]]) -> Dict[str, Any]:
    model.eval()
    losses: List[float] = []
    shares: List[List[float]] = []
    for batch in batches:
        losses.append(loss_of(model, batch).item())
        shares.append([block.attention.first_token_share.item() for block in model.blocks])
    model.train()
    return {
        "validationLoss": round(float(np.mean(losses)), 4),
        "firstTokenShare": [round(float(share), 4) for share in np.mean(shares, 0)],
    }


def optimizer_for(model: Llama, learning_rate: float) -> torch.optim.AdamW:
    matrices = [p for p in model.parameters() if p.dim() > 1]
    vectors = [p for p in model.parameters() if p.dim() <= 1]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.95))


def save(model: Llama, path: str) -> None:
    """Writes the weights as a safetensors file: the length of a JSON header, the header, the bytes."""
    header: Dict[str, Any] = {}
    parts: List[bytes] = []
    offset = 0
    for name, weight in model.named_parameters():
        data = weight.detach().cpu().numpy().astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(weight.shape), "data_offsets": [offset, offset + len(data)]}
        parts.append(data)
        offset += len(data)
    encoded = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded + b"".join(parts))


class Training:
    """A model on its way. Two trainings with the same seed see the same samples in the same order."""

    def __init__(self, job: Dict[str, Any]) -> None:
        torch.manual_seed(job["seed"])
        self.job = job
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.data = read_tokens(job["tokens"]).to(self.device)
        self.model = Llama(job).to(self.device)
        self.optimizer = optimizer_for(self.model, job["learningRate"])
        self.pick = torch.Generator().manual_seed(job["seed"])
        self.checks = self.validation_batches()
        self.steps = 0
        self.seconds = 0.0
        self.losses: List[float] = []
        self.keep_start()

    def validation_batches(self) -> List[Tuple[Tensor, Tensor]]:
        """Evenly spread over the validation text: the same places whatever the seed."""
        data = read_tokens(self.job["validation"]).to(self.device)
        places = torch.linspace(0, len(data) - self.job["context"] - 2, VALIDATION_SAMPLES).long().to(self.device)
        return [samples(data, part, self.job) for part in places.split(self.job["batch"])]

    def step(self, progress: float) -> None:
        """One step of the optimizer; progress is the part of the training that is done, 0 ... 1."""
        began = time.time()
        for group in self.optimizer.param_groups:
            group["lr"] = self.job["learningRate"] * rate_factor(self.steps, progress)
        last = len(self.data) - self.job["context"] - 1
        starts = torch.randint(0, last, (self.job["batch"],), generator=self.pick).to(self.device)
        loss = loss_of(self.model, samples(self.data, starts, self.job))
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.keep_start()
        self.steps += 1
        self.losses.append(loss.item())
        self.seconds += time.time() - began

    def keep_start(self) -> None:
        """Keeps the embedding of a zero start token at zero, which makes its keys and values zero in each layer."""
        if self.job["start"] == "zero":
            with torch.no_grad():
                self.model.embedding[START_TOKEN].zero_()

    def report(self, validate: bool) -> None:
        tokens = self.steps * self.job["batch"] * self.job["context"]
        line: Dict[str, Any] = {"run": self.job["name"], "step": self.steps, "tokens": tokens}
        line["seconds"] = round(self.seconds, 1)
        line["tokensPerSecond"] = round(tokens / self.seconds)
        if self.losses:
            line["loss"] = round(float(np.mean(self.losses)), 4)
        self.losses = []
        if validate:
            line.update(evaluate(self.model, self.checks))
        print(json.dumps(line), flush=True)


def rate_factor(step: int, progress: float) -> float:
    """Warm-up over 100 steps, then constant, then falling to zero over the last fifth (Hu et al. 2024, MiniCPM)."""
    return min(1.0, (step + 1) / 100) * min(1.0, (1 - progress) / 0.2)


def train(job: Dict[str, Any]) -> None:
    torch.set_num_threads(job["threads"])
    trainings = [Training({**job, **run}) for run in job["runs"]]
    steps, limit = job.get("steps"), job.get("minutes", 0) * 60
    began = time.time()
    done = 0
    while True:
        progress = done / steps if steps else (time.time() - began) / limit
        if progress >= 1:
            break
        for training in trainings:
            training.step(progress)
        done += 1
        if done % job["logEvery"] == 0:
            for training in trainings:
                training.report(validate=done % (10 * job["logEvery"]) == 0)
    for training in trainings:
        training.report(validate=True)
        save(training.model, training.job["out"])


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as job_file:
        train(json.load(job_file))
