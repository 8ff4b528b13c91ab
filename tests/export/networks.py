"""Networks of PyTorch in the shapes that people use, with random weights and running statistics that matter."""

import torch
import torch.nn.functional as F
from torch import nn


class BasicBlock(nn.Module):
    def __init__(self, channels, filters, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, filters, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(filters)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(filters, filters, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(filters)
        same = stride == 1 and channels == filters
        self.downsample = None if same else nn.Sequential(nn.Conv2d(channels, filters, 1, stride, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        identity = x if self.downsample is None else self.downsample(x)
        out = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        out += identity
        return self.relu(out)


class ResNet18(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        channels = 64
        for i, (filters, stride) in enumerate([(64, 1), (128, 2), (256, 2), (512, 2)], 1):
            setattr(self, f"layer{i}", nn.Sequential(BasicBlock(channels, filters, stride), BasicBlock(filters, filters, 1)))
            channels = filters
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512, classes)

    def forward(self, x):
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(torch.flatten(self.avgpool(x), 1))


class VGG11BN(nn.Module):
    """With the classifier of a smaller network behind torchvision's adaptive pooling, whose 3 x 3 cells here come from 2 x 2."""

    def __init__(self, classes=10):
        super().__init__()
        layers, channels = [], 3
        for filters in (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"):
            if filters == "M":
                layers.append(nn.MaxPool2d(2, 2))
            else:
                layers += [nn.Conv2d(channels, filters, 3, padding=1), nn.BatchNorm2d(filters), nn.ReLU(inplace=True)]
                channels = filters
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d((3, 3))
        self.classifier = nn.Sequential(nn.Linear(512 * 9, 128), nn.ReLU(True), nn.Dropout(), nn.Linear(128, 128), nn.ReLU(True), nn.Dropout(), nn.Linear(128, classes))

    def forward(self, x):
        return self.classifier(torch.flatten(self.avgpool(self.features(x)), 1))


class ConvBNReLU6(nn.Sequential):
    def __init__(self, channels, filters, size=3, stride=1, groups=1):
        super().__init__(nn.Conv2d(channels, filters, size, stride, (size - 1) // 2, groups=groups, bias=False), nn.BatchNorm2d(filters), nn.ReLU6(inplace=True))


class InvertedResidual(nn.Module):
    def __init__(self, channels, filters, stride, expansion):
        super().__init__()
        hidden = channels * expansion
        self.residual = stride == 1 and channels == filters
        self.conv = nn.Sequential(*([] if expansion == 1 else [ConvBNReLU6(channels, hidden, 1)]), ConvBNReLU6(hidden, hidden, 3, stride, hidden),
                                  nn.Conv2d(hidden, filters, 1, bias=False), nn.BatchNorm2d(filters))

    def forward(self, x):
        return x + self.conv(x) if self.residual else self.conv(x)


class MobileNetV2(nn.Module):
    def __init__(self, classes=10):
        super().__init__()
        layers, channels = [ConvBNReLU6(3, 32, 3, 2)], 32
        for expansion, filters, count, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):
            for i in range(count):
                layers.append(InvertedResidual(channels, filters, stride if i == 0 else 1, expansion))
                channels = filters
        layers.append(ConvBNReLU6(channels, 1280, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, classes))

    def forward(self, x):
        return self.classifier(torch.flatten(F.adaptive_avg_pool2d(self.features(x), (1, 1)), 1))


class TransformerClassifier(nn.Module):
    """nn.TransformerEncoder over embedded words; time comes first or the batch does."""

    def __init__(self, batch_first=True):
        super().__init__()
        self.batch_first = batch_first
        self.embedding = nn.Embedding(11, 16)
        self.position = nn.Parameter(torch.zeros(1, 7, 16))
        layer = nn.TransformerEncoderLayer(16, 4, 32, batch_first=batch_first, activation="gelu" if batch_first else "relu", norm_first=not batch_first)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.fc = nn.Linear(16, 3)

    def forward(self, words):
        x = self.embedding(words) + self.position
        x = self.encoder(x) if self.batch_first else self.encoder(x.transpose(0, 1)).transpose(0, 1)
        return F.log_softmax(self.fc(x.mean(1)), -1)


class WrittenOutGPT(nn.Module):
    """Causal attention as products with a softmax between, one matrix for queries, keys and values, a table of positions."""

    def __init__(self):
        super().__init__()
        self.words, self.places = nn.Embedding(13, 12), nn.Embedding(6, 12)
        self.norm, self.qkv, self.out, self.head = nn.LayerNorm(12), nn.Linear(12, 36), nn.Linear(12, 12), nn.Linear(12, 13, bias=False)
        self.register_buffer("mask", torch.tril(torch.ones(6, 6)).view(1, 1, 6, 6))

    def forward(self, words):
        rows, steps = words.shape
        x = self.words(words) + self.places(torch.arange(steps))
        q, k, v = (part.view(rows, steps, 3, 4).transpose(1, 2) for part in self.qkv(self.norm(x)).split(12, dim=2))
        scores = (q @ k.transpose(-2, -1)) / 2.0
        weights = F.softmax(scores.masked_fill(self.mask[:, :, :steps, :steps] == 0, float("-inf")), -1)
        x = x + self.out((weights @ v).transpose(1, 2).contiguous().view(rows, steps, 12))
        return self.head(x)[:, -1]


class VisionTransformer(nn.Module):
    """Patches, a class token, positions, fused and functional attention, a MultiheadAttention whose weights nobody reads."""

    def __init__(self):
        super().__init__()
        self.patches, self.token = nn.Conv2d(3, 16, 4, 4), nn.Parameter(torch.zeros(1, 1, 16))
        self.position = nn.Parameter(torch.zeros(1, 17, 16))
        self.qkv, self.out, self.norm = nn.Linear(16, 48), nn.Linear(16, 16), nn.LayerNorm(16)
        self.attention, self.head = nn.MultiheadAttention(16, 2, batch_first=True), nn.Linear(16, 5)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.position
        rows, steps, width = x.shape
        q, k, v = self.qkv(x).reshape(rows, steps, 3, 4, 4).permute(2, 0, 3, 1, 4).unbind(0)
        x = x + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(rows, steps, width))
        y = self.norm(x)
        return self.head((x + self.attention(y, y, y)[0])[:, 0])


class Signals(nn.Module):
    """Layers along one axis."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm, self.deep = nn.Conv1d(3, 8, 5, 2, 2), nn.BatchNorm1d(8), nn.Conv1d(8, 8, 3, padding="same", groups=8)
        self.fc, self.scale = nn.Linear(24, 4), nn.BatchNorm1d(4, affine=False)

    def forward(self, x):
        x = F.max_pool1d(F.elu(self.norm(self.conv(x))), 2)
        return self.scale(self.fc(F.avg_pool1d(torch.tanh(self.deep(x)), 2).flatten(1)))


class Channels(nn.Module):
    """Channels that are split, shuffled, joined and flattened in PyTorch's order; paddings, a parameter that scales, a sum over places."""

    def __init__(self):
        super().__init__()
        self.conv, self.branch = nn.Conv2d(4, 8, 3, stride=2, padding=2, dilation=2), nn.Conv2d(4, 4, 3, padding=1, groups=4)
        self.gain, self.fc = nn.Parameter(torch.ones(8)), nn.Linear(8 * 16 + 8, 4)

    def forward(self, x):
        x = F.relu(self.conv(x))
        a, b = x.chunk(2, 1)
        x = torch.cat([a, torch.sigmoid(self.branch(b))], 1)
        x = x.view(x.shape[0], 2, 4, x.shape[2], x.shape[3]).transpose(1, 2).reshape(x.shape)   # shuffles the channels
        x = F.avg_pool2d(F.max_pool2d(x, 3, 2, 1, ceil_mode=True), 3, 1, 1)
        return self.fc(torch.cat([x.flatten(1), x.sum((2, 3)) * self.gain / 4 - 0.5], 1))


class Squeezed(nn.Module):
    """Squeeze and excitation, group and instance normalization, a transposed convolution, layer normalization over an image, activations."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3, padding=1), nn.GroupNorm(2, 8)
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 2, 1), nn.SiLU(), nn.Conv2d(2, 8, 1), nn.Hardsigmoid())
        self.up, self.instance = nn.ConvTranspose2d(8, 6, 3, 2, 1, output_padding=1, groups=2), nn.InstanceNorm2d(6, affine=True)
        self.layer, self.root, self.fc = nn.LayerNorm([6, 8, 8]), nn.RMSNorm(8), nn.Linear(6 * 16 * 16, 4)

    def forward(self, x):
        x = F.leaky_relu(self.norm(self.conv(x)), 0.1)
        x = F.hardswish(F.avg_pool2d(x * self.gate(x), 2))
        x = F.mish(self.root(self.layer(self.instance(self.up(x)))))
        x = F.interpolate(F.pad(F.gelu(x, approximate="tanh"), (1, 1, 0, 2))[:, :, :8, 1:9], scale_factor=2, mode="nearest")
        return self.fc(x.flatten(1))


class Arithmetic(nn.Module):
    """Numbers, constants, buffers and branches, on either side."""

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.5, -0.5, 0.25]).view(1, 3, 1, 1))
        self.slopes, self.conv = nn.PReLU(3), nn.Conv2d(3, 3, 1)

    def forward(self, x):
        x = (x - self.mean) / 2 + 1
        y = self.slopes(self.conv(x))
        z = torch.sub(3 - y, x, alpha=0.5) * torch.linspace(1, 2, 4) - x * -y + (-x).square()
        z = torch.maximum(torch.minimum(z, 2 * x + 1), y - x)
        z = F.hardtanh(F.relu6(z) - 2) + F.softplus(z) + torch.exp(-z.clamp(min=0)) - F.celu(z, 0.5) * z.abs() + F.selu(F.softplus(z, beta=2))
        return torch.add(z.mean(3).flatten(1), 1, alpha=2).softmax(1)


class Branches(nn.Module):
    """Two inputs, two outputs of one layer, a module that is called twice, a scalar buffer and a scalar parameter."""

    def __init__(self):
        super().__init__()
        self.shared, self.words, self.fc = nn.Linear(4, 4), nn.Embedding(6, 4), nn.Linear(8, 3)
        self.temperature = nn.Parameter(torch.tensor(0.5))
        self.register_buffer("gain", torch.tensor(1.5))

    def forward(self, signal, index):
        x = torch.tanh(self.shared(torch.tanh(self.shared(signal)))) * self.gain
        logits = self.fc(torch.cat([x, self.words(index).sum(1) * self.temperature], 1))
        first, second = logits.split([1, 2], 1)
        return {"first": first, "second": second}


class LongTerm(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.fc = nn.LSTM(3, 4, batch_first=True), nn.Linear(4, 2)

    def forward(self, x):
        return self.fc(self.rnn(x)[0][:, -1])


class LooksAtValues(nn.Module):
    def forward(self, x):
        return x if x.sum() > 0 else -x


class LeavesTorch(nn.Module):
    def forward(self, x):
        return torch.from_numpy(x.detach().numpy() * 2)


class DropsAlways(nn.Module):
    def forward(self, x):
        return F.dropout(x, 0.5)


class Counts(nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x):
        self.calls += 1
        return x * self.calls


class OfTheBatch(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(3, track_running_stats=False)

    def forward(self, x):
        return self.norm(x)


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.words, self.head = nn.Embedding(5, 4), nn.Linear(4, 5, bias=False)
        self.head.weight = self.words.weight

    def forward(self, words):
        return self.head(self.words(words))


def lively(model, seed=1):
    """Random weights, and running statistics that change what comes out."""
    generator = torch.Generator().manual_seed(seed)

    def fill(tensor, scale, offset=0.0):
        tensor.copy_(torch.randn(tensor.shape, generator=generator) * scale + offset)

    with torch.no_grad():
        for module in model.modules():
            for name, tensor in module.named_parameters(recurse=False):
                normalises = tensor.dim() == 1 and name == "weight"
                if normalises:
                    fill(tensor, 0.2, 1.0)
                elif tensor.dim() < 2:
                    fill(tensor, 0.2)
                else:
                    fill(tensor, (2.0 / max(1, tensor[0].numel())) ** 0.5)
            if getattr(module, "running_mean", None) is not None:
                fill(module.running_mean, 0.3)
                module.running_var.copy_(torch.rand(module.running_var.shape, generator=generator) + 0.5)
    return model.eval()
