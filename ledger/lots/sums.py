"""What went in and came out of one event, and of all of a run or month that stand: what is balanced (rule 5.4)."""

from collections.abc import Mapping

from msgspec import Struct


class Sums(Struct, frozen=True, array_like=True, gc=False):
    """What went in and came out, of one event or of all of a run that stand, in g: `gave` with losses.

    `inputs` and `outputs` are by material, of oxide in millionths of a g of Al2O3; `unanalysed` is how often bauxite
    came without its analysis, `unweighed` how many pieces had no mass, `scale` the error of the scales on the output
    side. `kinds` has how many events are of each kind of process, `closing` how many of them have to close in mass,
    `alloys` how many inputs are of each.
    """

    took: int = 0
    gave: int = 0
    inputs: dict[str, int] = {}
    outputs: dict[str, int] = {}
    oxide_in: int = 0
    oxide_out: int = 0
    unanalysed: int = 0
    unweighed: int = 0
    scale: int = 0
    kinds: dict[str, int] = {}
    closing: int = 0
    alloys: dict[str, int] = {}

    def plus(self, more: "Sums", times: int = 1) -> "Sums":
        """With another event, or without one where `times` is -1."""
        return Sums(
            took=self.took + times * more.took,
            gave=self.gave + times * more.gave,
            inputs=_added(self.inputs, more.inputs, times),
            outputs=_added(self.outputs, more.outputs, times),
            oxide_in=self.oxide_in + times * more.oxide_in,
            oxide_out=self.oxide_out + times * more.oxide_out,
            unanalysed=self.unanalysed + times * more.unanalysed,
            unweighed=self.unweighed + times * more.unweighed,
            scale=self.scale + times * more.scale,
            kinds=_added(self.kinds, more.kinds, times),
            closing=self.closing + times * more.closing,
            alloys=_added(self.alloys, more.alloys, times),
        )


def _added(sums: Mapping[str, int], more: Mapping[str, int], times: int) -> dict[str, int]:
    """What comes to nothing is not there."""
    new = dict(sums)
    for name, one in more.items():
        new[name] = new.get(name, 0) + times * one
    return {name: one for name, one in new.items() if one}
