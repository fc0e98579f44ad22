"""``dataclass`` as in the standard library, whose methods are compiled when they are first used.

``dataclasses.dataclass`` writes the source of up to seven methods for each class and compiles them, about
a millisecond a class, for hundreds of classes of which one process uses a few. Here the standard
decorator collects the fields and lays out the slots, and ``__init__``, ``__eq__`` and ``__hash__`` are
written when somebody looks for them; from then on they are ordinary functions of the class.

What this package uses is there: ``frozen``, ``slots``, ``kw_only`` and ``eq``, and of a field ``default``,
``default_factory``, ``init``, ``repr``, ``compare`` and ``kw_only``. Anything else is a TypeError. To a type checker
it is the standard one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, FrozenInstanceError
from reprlib import recursive_repr
from threading import Lock
from types import MemberDescriptorType
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from dataclasses import dataclass  # noqa: TID251
else:

    def dataclass(cls=None, /, **options):
        """``dataclasses.dataclass``."""
        return _prepared(cls, **options) if cls else lambda each: _prepared(each, **options)


__all__ = ["dataclass"]


def _prepared(
    cls: type,
    *,
    frozen: bool = False,
    slots: bool = False,
    kw_only: bool = False,
    eq: bool = True,
) -> type:
    methods: dict[str, object] = {
        "__init__": _Unwritten("__init__", _frozen_init if frozen else _init),
        "__repr__": _repr,
    }
    if eq:
        methods["__eq__"] = _Unwritten("__eq__", _eq)
        methods["__hash__"] = _Unwritten("__hash__", _hash) if frozen else None
    if frozen:
        methods |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
    if frozen and slots:
        methods |= {"__getstate__": _state, "__setstate__": _take_state}
    for name, method in methods.items():
        # Python itself puts a None for __hash__ where a class writes an __eq__.
        if cls.__dict__.get(name) is None:
            setattr(cls, name, method)
    if not cls.__doc__:
        # The standard decorator would look for the signature of __init__, to write it there.
        cls.__doc__ = cls.__name__
    collect = dataclasses.dataclass(  # noqa: TID251 - this is where it comes from
        init=False, repr=False, eq=False, slots=slots, kw_only=kw_only
    )
    return collect(cls)


class _MadeAnew:
    """The default of a parameter whose value a factory makes for each instance."""

    def __repr__(self) -> str:
        return "<factory>"


_MADE_ANEW = _MadeAnew()


class _Unwritten:
    """Stands in a class for one of its methods until somebody looks for that."""

    def __init__(self, name: str, write: Callable[[type], Callable[..., Any]]) -> None:
        self._name, self._write = name, write
        self._method: Callable[..., Any] | None = None

    def __get__(self, instance: object, owner: type) -> Any:
        with _WRITING:
            method = self._method or self._written(owner)
        return method if instance is None else method.__get__(instance, owner)

    def _written(self, owner: type) -> Callable[..., Any]:
        """Put the method where this stands: in owner or a class that owner derives from."""
        (cls,) = (each for each in owner.__mro__ if each.__dict__.get(self._name) is self)
        self._method = method = self._write(cls)
        method.__qualname__ = f"{cls.__qualname__}.{self._name}"
        method.__module__ = cls.__module__
        setattr(cls, self._name, method)
        return method


_WRITING = Lock()
_NONE: Mapping[str, Any] = {}


def _init(
    cls: type, assign: str = "self.{0} = {1}", setters: Mapping[str, Any] = _NONE
) -> Callable[..., Any]:
    fields = dataclasses.fields(cls)
    known: dict[str, Any] = {"_made_anew": _MADE_ANEW, **setters}
    parameters = {False: ["self"], True: []}
    lines = []
    for field in fields:
        name = value = field.name
        given = f"_default_{name}"
        if field.default_factory is not MISSING:
            known[given] = field.default_factory
            value = f"{given}() if {name} is _made_anew else {name}" if field.init else f"{given}()"
            default = "=_made_anew"
        elif field.default is not MISSING:
            known[given] = field.default
            value = name if field.init else given
            default = f"={given}"
        elif field.init:
            default = ""
        else:
            continue
        lines.append(assign.format(name, value))
        if field.init:
            parameters[bool(field.kw_only)].append(name + default)
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    stars = ["*", *parameters[True]] if parameters[True] else []
    init = _compiled("__init__", [*parameters[False], *stars], lines, known)
    init.__annotations__ = {each.name: each.type for each in fields if each.init} | {"return": None}
    return init


def _frozen_init(cls: type) -> Callable[..., Any]:
    # A slot sets its value in half of the time that it takes to find the slot by its name.
    slots = {each.name: getattr(cls, each.name, None) for each in dataclasses.fields(cls)}
    setters = {
        f"_set_{name}": slot.__set__
        for name, slot in slots.items()
        if isinstance(slot, MemberDescriptorType)
    }
    if len(setters) == len(slots):
        return _init(cls, "_set_{0}(self, {1})", setters)
    return _init(cls, "_set(self, '{0}', {1})", {"_set": object.__setattr__})


def _eq(cls: type) -> Callable[..., Any]:
    mine, others = (_values(cls, each) for each in ("self", "other"))
    same = f"return {mine} == {others} if other.__class__ is self.__class__ else NotImplemented"
    return _compiled("__eq__", ["self", "other"], [same], {})


def _hash(cls: type) -> Callable[..., Any]:
    return _compiled("__hash__", ["self"], [f"return hash({_values(cls, 'self')})"], {})


def _values(cls: type, instance: str) -> str:
    """What tells instances apart, as the source of a tuple."""
    compared = (each.name for each in dataclasses.fields(cls) if each.compare)
    return "(" + "".join(f"{instance}.{name}," for name in compared) + ")"


def _compiled(
    name: str, parameters: Iterable[str], lines: Iterable[str], known: Mapping[str, Any]
) -> Callable[..., Any]:
    body = "".join(f"\n {line}" for line in lines) or " pass"
    names = dict(known)
    exec(f"def {name}({', '.join(parameters)}):{body}", names)  # noqa: S102 - as dataclasses does
    made: Callable[..., Any] = names[name]
    return made


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (
        f"{each.name}={getattr(self, each.name)!r}"
        for each in dataclasses.fields(self)
        if each.repr
    )
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_to_set(self: object, name: str, value: object) -> NoReturn:  # noqa: ARG001
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> NoReturn:  # noqa: ARG001
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in dataclasses.fields(self)]


def _take_state(self: Any, state: Iterable[Any]) -> None:
    for each, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
