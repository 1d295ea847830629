"""Quality passports: what values depend on beside the images, and therefore which may stand in one column."""

from collections.abc import Mapping, Sequence
from typing import Any

from reports.loading import Json
from reports.text import setting

FURTHER = "further"
ABSENT = "not stated"


def parts(passport: Mapping[str, Any]) -> list[Json]:
    """A cell's passports by themselves: that of the first features, then those of the further ones.

    Example:
        >>> parts({"extractor": "digits", "further": [{"extractor": "clip"}]})
        [{'extractor': 'digits'}, {'extractor': 'clip'}]
        >>> parts({})
        []
    """
    main = {name: value for name, value in passport.items() if name != FURTHER}
    return [main, *map(dict, passport.get(FURTHER) or ())] if main else []


def flat(passport: Mapping[str, Any]) -> Json:
    """All entries of a cell's passports by one name each, those of further features under their extractor's.

    Example:
        >>> flat({"extractor": "digits", "split": "test", "further": [{"extractor": "clip", "split": "test"}]})
        {'extractor': 'digits', 'split': 'test', 'clip extractor': 'clip', 'clip split': 'test'}
    """
    first, *further = parts(passport) or [{}]
    found, owners = dict(first), [str(part.get("extractor", ABSENT)) for part in further]
    for place, (owner, part) in enumerate(zip(owners, further, strict=True)):
        twin = owners[:place].count(owner)
        found |= {f"{owner} {f'({twin + 1}) ' if twin else ''}{name}": value for name, value in part.items()}
    return found


def differing(own: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> list[str]:
    """The entries of flat passports in which any of the others is unlike one's own, missing ones included.

    Example:
        >>> differing({"n_fake": 5000, "split": "test"}, [{"n_fake": 5000, "split": "test", "torch": "2.13"}])
        ['torch']
    """
    names = dict.fromkeys(name for each in (own, *others) for name in each)
    return [name for name in names if any(each.get(name, ABSENT) != own.get(name, ABSENT) for each in others)]


def entry(passport: Mapping[str, Any], name: str) -> str:
    """An entry as text.

    Example:
        >>> entry({"n_fake": 5000}, "n_fake"), entry({}, "torch")
        ('5000', 'not stated')
    """
    return setting(passport[name]) if name in passport else ABSENT


def against(own: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """What differs between two cells' passports, in words.

    Example:
        >>> against({"n_fake": 5000, "split": "test"}, {"n_fake": 10000, "split": "test"})
        'n_fake differs: 5,000 against 10,000'
    """
    ours, theirs = flat(own), flat(other)
    return "; ".join(
        f"{name} differs: {_counted(ours, name)} against {_counted(theirs, name)}" for name in differing(ours, [theirs])
    )


def _counted(passport: Mapping[str, Any], name: str) -> str:
    value = passport.get(name)
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else entry(passport, name)
