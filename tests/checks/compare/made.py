"""Networks made of single ops: what a file says of each, and what it really computes."""

import dataclasses

import numpy as np

from padcheck.errors import FrameworkError
from padcheck.oracle import evaluate
from padcheck.records import Epilogue, ModelRef, OpKind, OpValues, Place, Site

__all__ = ["MadeNetwork", "never_negative", "site", "with_values"]


def site(spec, name="conv1", op_type="Conv", **more):
    return Site(name=name, op_type=op_type, spec=spec, **more)


def place(name, **more):
    return Place(
        data=f"{name}:in", output=f"{name}:out", tail=f"{name}:out", channels_last=True, **more
    )


def with_values(weight=None, *, clip=None, nodes=(), quantization=None, **more):
    """A place with the numbers of a convolution, all but the weight optional; or of a pool."""
    values = None
    if weight is not None:
        held = OpValues(weight=np.asarray(weight, np.float32), **more)
        values = lambda: held  # noqa: E731
    epilogue = Epilogue(clip=clip, nodes=nodes)
    return place("conv1", values=values, epilogue=epilogue, quantization=quantization)


class MadeNetwork:
    """Sites in order; `computes` maps an index to the spec, or the function (spec, x, weight),
    that the op is when it is run, where that is not what the site says.
    """

    def __init__(self, *sites, places=None, format="keras", computes=None, refuses=False):
        self.ref = ModelRef(path=None, format=format)
        self.sites = sites
        self.places = places or tuple(place(one.name) for one in sites)
        self.computes = computes or {}
        self.refuses = refuses
        self.isolated = []

    def versions(self):
        return {"madeup": "1.0"}

    def isolate(self, index):
        if self.refuses:
            raise FrameworkError("madeup: not installed")
        self.isolated.append(index)
        own = self.computes.get(index, self.sites[index].spec)

        def run(x, weight):
            if callable(own):
                return own(x, weight)
            return evaluated(own, x, weight)

        return run


def evaluated(spec, x, weight):
    """The op on arrays of any size and of any number of channels, by the oracle, in float32."""
    assert (weight is None) == (not spec.kind.has_weight)
    channels, group = (x.shape[1],) * 2, 1
    if weight is not None:
        per_group = weight.shape[1]
        if spec.kind is OpKind.CONV:
            group = x.shape[1] // per_group
            channels = (x.shape[1], weight.shape[0])
        else:
            group = 1 if spec.group == 1 else 2
            channels = (x.shape[1], per_group * group)
    sized = spec.replace(
        input_size=x.shape[2:], channels=channels, group=group, bias=False, deviation=None
    )
    made = evaluate(sized, x.astype(np.float64), weight)
    values = made.values
    if spec.kind is OpKind.LP_POOL:
        values = values ** (1 / spec.p)
    return values.astype(np.float32)


def never_negative(network, index=0, op="Relu"):
    """The network, with the input of one site coming from `op`."""
    places = list(network.places)
    places[index] = dataclasses.replace(places[index], never_negative=op)
    network.places = tuple(places)
    return network
